// Which algorithm of ours computes a convolution, or its gradient by the input; null: oneDNN does.

namespace conus {

inline std::unique_ptr<Algorithm> choose_algorithm(const Geometry& g, bool gradient) {
  if (!tiling() || g.bfloat16) return nullptr;
  if (auto found = choose_pointwise(g, gradient)) return found;
  if (auto found = choose_polyphase(g, gradient)) return found;
  return choose_winograd(g, gradient);
}

}  // namespace conus
