// Convolutions by our own kernels: what they are told, and the functions that do the work, for
// whichever vectors the processor has.

namespace conus {

// What happens to a convolution's output before it is written. Null: nothing. `Number`: what images
// and transformed weights are made of, float32 or words of bfloat16. Sums are float32.
template <typename Number>
struct Finish {
  const float* bias = nullptr;       // (F,)
  const Number* residual = nullptr;  // as the output
  const Number* positive = nullptr;  // as the output; where it is not positive, 0 is written
  bool relu = false;

  // The same for a part of the output that begins at a place.
  Finish from(long long place, long long channel = 0) const {
    return {bias ? bias + channel : nullptr, residual ? residual + place : nullptr,
            positive ? positive + place : nullptr, relu};
  }
};

// C = A @ B: A has `rows` rows that lie `a_step` numbers apart, B has `depth` rows of `columns`
// numbers, one after another; but of `together` rows the numbers of one column lie side by side.
// Where the next B lies is told, so that it may be fetched meanwhile.
template <typename Number>
using Product = void (*)(const Number* a, long long a_step, long long rows, const Number* b,
                         long long depth, float* c, const Number* next);
// The same with what follows. Its rows lie `y_step` numbers apart, and so do those of what `finish`
// points to; all of them begin at the place of the first sum.
template <typename Number>
using FinishedProduct = void (*)(const Number* a, long long a_step, long long rows, const Number* b,
                                 long long depth, const Finish<Number>& finish, Number* y,
                                 long long y_step, const Number* next);

// One tile. `top`, `left`: its place in the image; `step`: numbers from one of the tile's
// transformed cells to the next.
template <typename Number>
using Enter = void (*)(const Number* image, const Image& of, long long top, long long left,
                       Number* transformed, long long step);
template <typename Number>
using Leave = void (*)(const float* sums, long long step, const Image& of, long long top,
                       long long left, long long first_channel, const Finish<Number>& finish,
                       Number* image);

template <typename Number>
struct Tiling {
  int lanes, columns, most_rows, together;
  Product<Number> multiply;
  FinishedProduct<Number> multiply_and_finish;
  Enter<Number> enter[2];  // of F(2x2,3x3), of F(4x4,3x3)
  Leave<Number> leave[2];
};

}  // namespace conus
