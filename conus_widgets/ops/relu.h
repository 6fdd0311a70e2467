// The gradient of ReLU, where it was fused into a convolution.

namespace conus {

// `given` where `value` is positive, else 0; may be written over `given`.
inline void where_positive(const float* value, const float* given, float* to, long long count,
                           int threads) {
#pragma omp parallel for simd schedule(static) num_threads(threads) if (count > 16384)
  for (long long i = 0; i < count; ++i) {
    const float one = given[i];  // read in any case: else the compiler makes a branch of it
    to[i] = value[i] > 0 ? one : 0;
  }
}

// Adds another gradient, and masks the sum; null: not.
inline void finish_gradient(const float* other, const float* value, float* to, long long count,
                            int threads) {
  if (other) {
#pragma omp parallel for simd schedule(static) num_threads(threads) if (count > 16384)
    for (long long i = 0; i < count; ++i) to[i] += other[i];
  }
  if (value) where_positive(value, to, to, count, threads);
}

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
    float* to = output(dx, {n[0], n[1], n[2], n[3]});

    PythonReleased python;
    where_positive(value.data(), from.data(), to, count, threads);
  });
}

}  // namespace conus
