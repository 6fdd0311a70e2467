// Vectors of 16 numbers, and of 16 pairs of bfloat16: processors with AVX-512 that multiply those.
//
// A pair of words is multiplied by another, and both products are added to a float32. Compilers
// that do not know the instructions (GCC 8, 9) get no such kernels.

#undef CONUS_VECTOR
#undef CONUS_INLINE
#undef CONUS_NAMESPACE
#if defined(__clang__) || __GNUC__ >= 10
#define CONUS_VECTOR \
  __attribute__((target("avx512bf16,avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")))
#define CONUS_INLINE CONUS_VECTOR inline __attribute__((always_inline))
#define CONUS_NAMESPACE avx512_bf16
#define CONUS_BFLOAT16

namespace conus {
namespace avx512_bf16 {

using avx512::add, avx512::all, avx512::lanes, avx512::larger_of, avx512::load, avx512::most_rows,
    avx512::multiply_add, avx512::subtract, avx512::where_positive;
using Floats = avx512::Floats;
using Number = npy_uint16;
using Factors = __m512bh;
constexpr int together = 2;

CONUS_INLINE void store(float* to, Floats a) { _mm512_storeu_ps(to, a); }
// To the nearest, ties to even.
CONUS_INLINE void store(npy_uint16* to, Floats a) {
  const __m256bh words = _mm512_cvtneps_pbh(a);
  std::memcpy(to, &words, sizeof words);
}
CONUS_INLINE Factors factors(const npy_uint16* from) {
  Factors made;
  std::memcpy(&made, from, sizeof made);
  return made;
}
CONUS_INLINE Floats multiply_add(Factors a, Factors b, Floats c) {
  return _mm512_dpbf16_ps(c, a, b);
}
CONUS_INLINE Factors spread(const npy_uint16* from) {
  Factors made;
  asm("vpbroadcastd %1, %0" : "=v"(made) : "m"(*reinterpret_cast<const int*>(from)));
  return made;
}

}  // namespace avx512_bf16
}  // namespace conus
#endif
