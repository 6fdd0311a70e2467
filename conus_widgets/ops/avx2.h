// Vectors of 8 numbers: processors with AVX2. See avx512.h.

#undef CONUS_VECTOR
#undef CONUS_INLINE
#undef CONUS_NAMESPACE
#define CONUS_VECTOR __attribute__((target("avx2,fma")))
#define CONUS_INLINE CONUS_VECTOR inline __attribute__((always_inline))
#define CONUS_NAMESPACE avx2

namespace conus {
namespace avx2 {

using Floats = __m256;
using Number = float;
using Factors = Floats;
constexpr int together = 1;  // numbers that one multiplication of a lane sums up
constexpr int lanes = 8;
constexpr int most_rows = 6;  // of a product: with 2 vectors a row, 12 of the 16 registers

CONUS_INLINE Floats load(const float* from) { return _mm256_loadu_ps(from); }
CONUS_INLINE void store(float* to, Floats a) { _mm256_storeu_ps(to, a); }
CONUS_INLINE Floats load(const npy_uint16* from) {
  const __m128i words = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(words), 16));
}
CONUS_INLINE void store(npy_uint16* to, Floats a) {
  const __m256i words = _mm256_srli_epi32(_mm256_castps_si256(a), 16);
  const __m128i low = _mm256_castsi256_si128(words), high = _mm256_extracti128_si256(words, 1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm_packus_epi32(low, high));
}
CONUS_INLINE Factors factors(const float* from) { return load(from); }
CONUS_INLINE Floats all(float a) { return _mm256_set1_ps(a); }
CONUS_INLINE Floats add(Floats a, Floats b) { return _mm256_add_ps(a, b); }
CONUS_INLINE Floats subtract(Floats a, Floats b) { return _mm256_sub_ps(a, b); }
CONUS_INLINE Floats multiply_add(Floats a, Floats b, Floats c) { return _mm256_fmadd_ps(a, b, c); }
CONUS_INLINE Floats larger_of(Floats a, Floats b) { return _mm256_max_ps(a, b); }
CONUS_INLINE Floats larger_or_nan(Floats best, Floats a) {
  const Floats larger = _mm256_max_ps(a, best);
  return _mm256_blendv_ps(larger, a, _mm256_cmp_ps(a, a, _CMP_UNORD_Q));
}
CONUS_INLINE Floats where_positive(Floats mask, Floats a) {
  return _mm256_and_ps(_mm256_cmp_ps(mask, _mm256_setzero_ps(), _CMP_GT_OQ), a);
}
CONUS_INLINE Floats equal(Floats a, Floats b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
CONUS_INLINE Floats chosen(Floats those, Floats a) { return _mm256_and_ps(those, a); }
CONUS_INLINE Floats chosen_not(Floats those, Floats a) { return _mm256_andnot_ps(those, a); }
CONUS_INLINE Floats spread(const float* from) { return _mm256_broadcast_ss(from); }

}  // namespace avx2
}  // namespace conus
