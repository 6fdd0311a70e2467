// Max pooling and its gradient, with vectors. Read once for each kind of them, as tiles.h.

namespace conus {
namespace CONUS_NAMESPACE {

// A NaN stays visible.
template <typename Number>
CONUS_VECTOR inline void find(const Number* from, Number* to, const Windows& w, const Image& of,
                              long long row) {
  const long long top = w.first(row), bottom = w.last(row, of.height);
  for (long long column = 0; column < w.count(of.width); ++column, to += of.channels) {
    const long long left = w.first(column), right = w.last(column, of.width);
    for (long long c = 0; c + lanes <= of.channels; c += lanes) {
      Floats best = all(-INFINITY);
      for (long long i = top; i < bottom; ++i)
        for (long long j = left; j < right; ++j)
          best = larger_or_nan(best, load(from + (i * of.width + j) * of.channels + c));
      store(to + c, best);
    }
  }
}

// In a window that has a NaN, any of its cells may get the gradient, or none.
CONUS_VECTOR inline void pay(const float* from, const float* d, float* to, const Windows& w,
                             const Image& of, bool masked) {
  const long long rows = w.count(of.height), columns = w.count(of.width);
  for (long long row = 0; row < rows; ++row)
    for (long long column = 0; column < columns; ++column, d += of.channels) {
      const long long top = w.first(row), bottom = w.last(row, of.height);
      const long long left = w.first(column), right = w.last(column, of.width);
      Floats best = all(-INFINITY);
      for (long long i = top; i < bottom; ++i)
        for (long long j = left; j < right; ++j)
          best = larger_of(best, load(from + (i * of.width + j) * of.channels));
      Floats owed = load(d);
      if (masked) owed = where_positive(best, owed);
      for (long long i = top; i < bottom; ++i)
        for (long long j = left; j < right; ++j) {
          const long long place = (i * of.width + j) * of.channels;
          const auto here = equal(load(from + place), best);
          store(to + place, add(load(to + place), chosen(here, owed)));
          owed = chosen_not(here, owed);  // only the first of equal maxima
        }
    }
}

inline MaximaOf maxima() { return {lanes, find<float>, find<npy_uint16>, pay}; }

}  // namespace CONUS_NAMESPACE
}  // namespace conus
