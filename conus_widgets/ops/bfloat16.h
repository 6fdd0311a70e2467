// float32 to bfloat16 and back.

namespace conus {

inline int to_bfloat16(PyArrayObject* x, PyArrayObject** y) {
  return guarded([&] {
    const npy_intp* n = PyArray_DIMS(x);
    Contiguous in(x);
    const float* from = in.data();
    const long long count = PyArray_SIZE(x);
    auto* to = static_cast<npy_uint16*>(output_of(y, {n[0], n[1], n[2], n[3]}, NPY_UINT16));
    const int threads = thread_count();

    PythonReleased python;
#pragma omp parallel for simd schedule(static) num_threads(threads) if (count > 16384)
    for (long long i = 0; i < count; ++i) to[i] = word(from[i]);
  });
}

inline int from_bfloat16(PyArrayObject* x, PyArrayObject** y) {
  return guarded([&] {
    const npy_intp* n = PyArray_DIMS(x);
    Contiguous in(x);
    const auto* from = static_cast<const npy_uint16*>(PyArray_DATA(in.array()));
    const long long count = PyArray_SIZE(x);
    float* to = output(y, {n[0], n[1], n[2], n[3]});
    const int threads = thread_count();

    PythonReleased python;
#pragma omp parallel for simd schedule(static) num_threads(threads) if (count > 16384)
    for (long long i = 0; i < count; ++i) to[i] = number(from[i]);
  });
}

}  // namespace conus
