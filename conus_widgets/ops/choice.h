// Which algorithm of ours computes a convolution, or its gradient by the input; null: oneDNN does.

namespace conus {

inline std::unique_ptr<Algorithm<float>> choose_algorithm(const Geometry& g, bool gradient) {
  if (!tiling<float>() || g.bfloat16) return nullptr;
  if (auto found = choose_pointwise(g, gradient)) return found;
  if (auto found = choose_polyphase(g, gradient)) return found;
  return choose_winograd<float>(g, gradient);
}

// The same for words of bfloat16, which have no gradients.
inline std::unique_ptr<Algorithm<npy_uint16>> choose_for_words(const Geometry& g) {
#ifdef CONUS_BFLOAT16  // else this Op has no words, or the compiler no instructions for them
  if (tiling<npy_uint16>() && g.bfloat16) return choose_winograd<npy_uint16>(g, false);
#endif
  return nullptr;
}

}  // namespace conus
