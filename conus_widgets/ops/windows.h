// The windows of a pooling, and functions over them for whichever vectors the processor has.

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

// The maxima of one row of windows in one image.
template <typename Number>
using FindMaxima = void (*)(const Number* from, Number* to, const Windows& w, const Image& of,
                            long long row);

struct MaximaOf {
  int lanes;
  FindMaxima<float> find;  // of as many channels as fill vectors
  FindMaxima<npy_uint16> find_words;
  // Adds each window's gradient to the place of its maximum, in one image, for one vector of
  // channels; not if the maximum is `masked` and not positive.
  void (*pay)(const float* from, const float* d, float* to, const Windows& w, const Image& of,
              bool masked);
};

}  // namespace conus
