// One word of bfloat16: the upper half of a float32. NumPy has no such type; its 16-bit words stand
// for it.

namespace conus {

inline float number(float x) { return x; }

inline float number(npy_uint16 word) {
  const npy_uint32 bits = npy_uint32(word) << 16;
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

// To the nearest, ties to even; a NaN stays one.
inline npy_uint16 word(float x) {
  npy_uint32 bits;
  std::memcpy(&bits, &x, sizeof bits);
  const npy_uint32 rounded = bits + 0x7fff + ((bits >> 16) & 1);
  const bool is_nan = (bits & 0x7fffffff) > 0x7f800000;
  return npy_uint16((is_nan ? bits | 0x400000 : rounded) >> 16);
}

inline void put(float* to, float x) { *to = x; }
inline void put(npy_uint16* to, float x) { *to = word(x); }

}  // namespace conus
