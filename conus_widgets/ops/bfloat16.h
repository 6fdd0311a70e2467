// bfloat16: the upper half of a float32. NumPy has no such type; its 16-bit words stand for it.

namespace conus {

// To the nearest, ties to even; a NaN stays one.
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
    for (long long i = 0; i < count; ++i) {
      npy_uint32 bits;
      std::memcpy(&bits, from + i, sizeof bits);
      const npy_uint32 rounded = bits + 0x7fff + ((bits >> 16) & 1);
      const bool is_nan = (bits & 0x7fffffff) > 0x7f800000;
      to[i] = npy_uint16((is_nan ? bits | 0x400000 : rounded) >> 16);
    }
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
    for (long long i = 0; i < count; ++i) {
      const npy_uint32 bits = npy_uint32(from[i]) << 16;
      std::memcpy(to + i, &bits, sizeof bits);
    }
  });
}

}  // namespace conus
