// The gradient of ReLU, where it was fused into a convolution.

namespace conus {

// dy where y > 0, else 0: the slope of ReLU at 0 is 0. In place it overwrites dy.
inline int relu_gradient(PyArrayObject* y, PyArrayObject* dy, PyArrayObject** dx, bool inplace) {
  return guarded([&] {
    const npy_intp* n = PyArray_DIMS(y);
    require_shape(dy, {n[0], n[1], n[2], n[3]}, "ReLU: the gradient by the output");
    Contiguous value(y), from(dy);
    const long long count = PyArray_SIZE(y);
    const int threads = thread_count();
    if (inplace) {  // where dy is a view, its contiguous copy is as good
      Py_INCREF(from.array());
      Py_XSETREF(*dx, from.array());
    }
    const float *v = value.data(), *d = from.data();
    float* to = output(dx, {n[0], n[1], n[2], n[3]});

    PythonReleased python;
#pragma omp parallel for simd schedule(static) num_threads(threads) if (count > 16384)
    for (long long i = 0; i < count; ++i) {
      const float given = d[i];  // read in any case: else the compiler makes a branch of it
      to[i] = v[i] > 0 ? given : 0;
    }
  });
}

}  // namespace conus
