// Convolutions by our own kernels: what they are told, and the functions that do the work, for
// whichever vectors the processor has.

namespace conus {

// What happens to a convolution's output before it is written. Null: nothing.
struct Finish {
  const float* bias = nullptr;      // (F,)
  const float* residual = nullptr;  // as the output
  const float* positive = nullptr;  // as the output; where it is not positive, 0 is written
  bool relu = false;

  // The same for a part of the output that begins at a place.
  Finish from(long long place, long long channel = 0) const {
    return {bias ? bias + channel : nullptr, residual ? residual + place : nullptr,
            positive ? positive + place : nullptr, relu};
  }
};

// C = A @ B: A has `rows` rows that lie `a_step` numbers apart, B has `depth` rows of `columns`
// numbers, one after another. Where the next B lies is told, so that it may be fetched meanwhile.
using Product = void (*)(const float* a, long long a_step, long long rows, const float* b,
                         long long depth, float* c, const float* next);
// The same with what follows. Its rows lie `y_step` numbers apart, and so do those of what `finish`
// points to; all of them begin at the place of the first sum.
using FinishedProduct = void (*)(const float* a, long long a_step, long long rows, const float* b,
                                 long long depth, const Finish& finish, float* y, long long y_step,
                                 const float* next);

// One tile. `top`, `left`: its place in the image; `step`: numbers from one of the tile's
// transformed cells to the next.
using Enter = void (*)(const float* image, const Image& of, long long top, long long left,
                       float* transformed, long long step);
using Leave = void (*)(const float* transformed, long long step, const Image& of, long long top,
                       long long left, long long first_channel, const Finish& finish, float* image);

struct Tiling {
  int lanes, columns, most_rows;
  Product multiply;
  FinishedProduct multiply_and_finish;
  Enter enter[2];  // of F(2x2,3x3), of F(4x4,3x3)
  Leave leave[2];
};

}  // namespace conus
