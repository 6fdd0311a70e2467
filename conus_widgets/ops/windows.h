// The windows of a pooling.

#include <cmath>

namespace conus {

struct Windows {
  long long size, stride, pad;
  bool partial;  // keep a last window that sticks out

  long long count(long long length) const {
    const long long room = length + 2 * pad - size;  // for the last window's start
    if (room < 0) return partial ? 1 : 0;
    const long long windows = (partial ? (room + stride - 1) / stride : room / stride) + 1;
    const bool beyond = (windows - 1) * stride >= length + pad;  // it would hold padding only
    return windows - beyond;
  }
  long long first(long long window) const { return std::max(0LL, window * stride - pad); }
  long long last(long long window, long long length) const {
    return std::min(length, window * stride - pad + size);
  }
};

// Adds each window's gradient to the place of its maximum, in one image, for one vector of
// channels; not if the maximum is `masked` and not positive.
struct MaximaOf {
  int lanes;
  void (*pay)(const float* from, const float* d, float* to, const Windows& w, const Image& of,
              bool masked);
};

}  // namespace conus
