// Vectors of 16 numbers: processors with AVX-512.
//
// The compiler is told `x86-64-v2`, so that compiled code runs anywhere. Functions marked with
// CONUS_VECTOR may use more: who calls them asks the processor first. tiles.h is written once and
// read after this file, after avx512_bf16.h and after avx2.h; maxima.h not for bfloat16.

#include <immintrin.h>

#define CONUS_VECTOR __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")))
#define CONUS_INLINE CONUS_VECTOR inline __attribute__((always_inline))
#define CONUS_NAMESPACE avx512

namespace conus {
namespace avx512 {

using Floats = __m512;
using Number = float;
using Factors = Floats;
constexpr int together = 1;  // numbers that one multiplication of a lane sums up
constexpr int lanes = 16;
constexpr int most_rows = 14;  // of a product: with 2 vectors a row, 28 of the 32 registers

CONUS_INLINE Floats load(const float* from) { return _mm512_loadu_ps(from); }
CONUS_INLINE void store(float* to, Floats a) { _mm512_storeu_ps(to, a); }
// Words of bfloat16 (words.h); what does not fit into one is cut off.
CONUS_INLINE Floats load(const npy_uint16* from) {
  const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(words), 16));
}
CONUS_INLINE void store(npy_uint16* to, Floats a) {
  const __m512i words = _mm512_srli_epi32(_mm512_castps_si512(a), 16);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(words));
}
CONUS_INLINE Factors factors(const float* from) { return load(from); }
CONUS_INLINE Floats all(float a) { return _mm512_set1_ps(a); }
CONUS_INLINE Floats add(Floats a, Floats b) { return _mm512_add_ps(a, b); }
CONUS_INLINE Floats subtract(Floats a, Floats b) { return _mm512_sub_ps(a, b); }
CONUS_INLINE Floats multiply_add(Floats a, Floats b, Floats c) { return _mm512_fmadd_ps(a, b, c); }
CONUS_INLINE Floats larger_of(Floats a, Floats b) { return _mm512_max_ps(a, b); }
// `best` if that is a NaN, else `a` if that is one.
CONUS_INLINE Floats larger_or_nan(Floats best, Floats a) {
  const Floats larger = _mm512_max_ps(a, best);  // the second of the two if one is a NaN
  return _mm512_mask_mov_ps(larger, _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q), a);
}
CONUS_INLINE Floats where_positive(Floats mask, Floats a) {
  return _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(mask, _mm512_setzero_ps(), _CMP_GT_OQ), a);
}
CONUS_INLINE __mmask16 equal(Floats a, Floats b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
CONUS_INLINE Floats chosen(__mmask16 those, Floats a) { return _mm512_maskz_mov_ps(those, a); }
CONUS_INLINE Floats chosen_not(__mmask16 those, Floats a) {
  return _mm512_maskz_mov_ps(_knot_mask16(those), a);
}
// One number in all lanes, read once: GCC would read it again for each product that it goes into.
CONUS_INLINE Floats spread(const float* from) {
  Floats made;
  asm("vbroadcastss %1, %0" : "=v"(made) : "m"(*from));
  return made;
}

}  // namespace avx512
}  // namespace conus
