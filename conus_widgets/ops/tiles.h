// Winograd's transformations of a tile, and a product of small matrices. Read once for each kind of
// vectors: `Floats` are as many numbers as one register holds, here channels of one cell. `Number`
// is what images and weights are made of, `Factors` a register full of those.
//
// A. Lavin, S. Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016,
// arXiv:1509.09308. docs/ops.md explains them.

#ifdef CONUS_NAMESPACE  // else the compiler does not know these vectors

namespace conus {
namespace CONUS_NAMESPACE {

constexpr int columns = 2 * lanes;  // of a product

// c - a * b
CONUS_INLINE Floats less(Floats c, float a, Floats b) { return multiply_add(all(-a), b, c); }
CONUS_INLINE Floats plus(Floats c, float a, Floats b) { return multiply_add(all(a), b, c); }

// F(2x2,3x3): tiles of 4x4 cells, of which 2x2 outputs come. Both transformations work along one
// axis; `step` is from one number of the result to the next.
struct TwoByTwo {
  static constexpr int outputs = 2, size = 4;

  CONUS_INLINE static void enter(const Floats* d, Floats* to, int step) {
    to[0] = subtract(d[0], d[2]);
    to[step] = add(d[1], d[2]);
    to[2 * step] = subtract(d[2], d[1]);
    to[3 * step] = subtract(d[1], d[3]);
  }
  CONUS_INLINE static void leave(const Floats* m, Floats* to, int step) {
    to[0] = add(m[0], add(m[1], m[2]));
    to[step] = subtract(subtract(m[1], m[2]), m[3]);
  }
};

// F(4x4,3x3): tiles of 6x6 cells, of which 4x4 outputs come.
struct FourByFour {
  static constexpr int outputs = 4, size = 6;

  CONUS_INLINE static void enter(const Floats* d, Floats* to, int step) {
    const Floats a = less(d[4], 4, d[2]), b = less(d[3], 4, d[1]);
    const Floats c = subtract(d[4], d[2]), e = subtract(d[3], d[1]);
    to[0] = plus(less(d[4], 5, d[2]), 4, d[0]);
    to[step] = add(a, b);
    to[2 * step] = subtract(a, b);
    to[3 * step] = plus(c, 2, e);
    to[4 * step] = less(c, 2, e);
    to[5 * step] = plus(less(d[5], 5, d[3]), 4, d[1]);
  }
  CONUS_INLINE static void leave(const Floats* m, Floats* to, int step) {
    const Floats p = add(m[1], m[2]), q = subtract(m[1], m[2]);
    const Floats r = add(m[3], m[4]), s = subtract(m[3], m[4]);
    to[0] = add(m[0], add(p, r));
    to[step] = plus(q, 2, s);
    to[2 * step] = plus(p, 4, r);
    to[3 * step] = add(plus(q, 8, s), m[5]);
  }
};

// A tile of the image, all of its channels, on the way in. Beyond the edges all is 0.
template <typename Form>
CONUS_VECTOR void enter(const Number* image, const Image& of, long long top, long long left,
                        Number* transformed, long long step) {
  constexpr int size = Form::size;
  const bool inside = top >= 0 && left >= 0 && top + size <= of.height && left + size <= of.width;
  for (long long channel = 0; channel < of.channels; channel += lanes) {
    Floats half[size * size];  // the rows are transformed
#pragma GCC unroll 6
    for (int j = 0; j < size; ++j) {
      Floats cells[size];
#pragma GCC unroll 6
      for (int i = 0; i < size; ++i) {
        const long long y = top + i, x = left + j;
        const bool there = inside || (y >= 0 && x >= 0 && y < of.height && x < of.width);
        cells[i] = there ? load(image + (y * of.width + x) * of.channels + channel) : all(0);
      }
      Form::enter(cells, half + j, size);
    }
#pragma GCC unroll 6
    for (int i = 0; i < size; ++i) {
      Floats row[size];
      Form::enter(half + i * size, row, 1);
#pragma GCC unroll 6
      for (int j = 0; j < size; ++j) store(transformed + (i * size + j) * step + channel, row[j]);
    }
  }
}

// What follows a sum and its bias; `place`: of the number in the output.
CONUS_INLINE Floats finished(Floats y, const Finish<Number>& finish, long long place) {
  if (finish.residual) y = add(y, load(finish.residual + place));
  if (finish.relu) y = larger_of(all(0), y);  // NaN stays
  if (finish.positive) y = where_positive(load(finish.positive + place), y);
  return y;
}

// `columns` channels of a tile on the way out, as many of its cells as lie in the image.
template <typename Form>
CONUS_VECTOR void leave(const float* sums, long long step, const Image& of, long long top,
                        long long left, long long first_channel, const Finish<Number>& finish,
                        Number* image) {
  constexpr int size = Form::size, outputs = Form::outputs;
  const int rows = int(std::min<long long>(outputs, of.height - top));
  const int cells = int(std::min<long long>(outputs, of.width - left));
  for (int v = 0; v < columns; v += lanes) {
    const long long channel = first_channel + v;
    const Floats bias = finish.bias ? load(finish.bias + channel) : all(0);
    Floats half[outputs * size];
#pragma GCC unroll 6
    for (int j = 0; j < size; ++j) {
      Floats column[size];
#pragma GCC unroll 6
      for (int i = 0; i < size; ++i) column[i] = load(sums + (i * size + j) * step + v);
      Form::leave(column, half + j, size);
    }
    for (int i = 0; i < rows; ++i) {
      Floats row[outputs];
      Form::leave(half + i * size, row, 1);
#pragma GCC unroll 4
      for (int j = 0; j < outputs; ++j) {
        if (j >= cells) break;
        const long long place = ((top + i) * of.width + left + j) * of.channels + channel;
        store(image + place, finished(add(row[j], bias), finish, place));
      }
    }
  }
}

// So many rows at once: all sums stay in registers, and each number of B is read once.
template <int rows>
CONUS_VECTOR void multiply_rows(const Number* a, long long a_step, const Number* b, long long depth,
                                float* c, const char* next, int next_step) {
  Floats sums[rows][2];
#pragma GCC unroll 14
  for (int i = 0; i < rows; ++i) sums[i][0] = sums[i][1] = all(0);
  for (long long k = 0; k < depth; k += together, b += together * columns, a += together) {
    const Factors left = factors(b), right = factors(b + together * lanes);
    _mm_prefetch(next, _MM_HINT_T1);
    next += next_step;
#pragma GCC unroll 14
    for (int i = 0; i < rows; ++i) {
      const Factors one = spread(a + i * a_step);
      sums[i][0] = multiply_add(one, left, sums[i][0]);
      sums[i][1] = multiply_add(one, right, sums[i][1]);
    }
  }
#pragma GCC unroll 14
  for (int i = 0; i < rows; ++i) {
    store(c + i * columns, sums[i][0]);
    store(c + i * columns + lanes, sums[i][1]);
  }
}

using Rows = void (*)(const Number*, long long, const Number*, long long, float*, const char*, int);

template <int... rows>
constexpr std::array<Rows, sizeof...(rows) + 1> of_each(std::integer_sequence<int, rows...>) {
  return {nullptr, multiply_rows<rows + 1>...};
}

// Rows in blocks of nearly the same height; `write(sums, first, end)` follows each of them.
template <typename Sums, typename Write>
CONUS_INLINE void in_blocks(const Number* a, long long a_step, long long rows, const Number* b,
                            long long depth, const Number* next, Sums sums, Write write) {
  static constexpr auto by_rows = of_each(std::make_integer_sequence<int, most_rows>());
  const long long blocks = (rows + most_rows - 1) / most_rows;
  const int line = int(together * columns * sizeof(Number) / blocks);  // of `next`, at each step
  auto* fetch = reinterpret_cast<const char*>(next);
  for (long long block = 0; block < blocks; ++block) {
    const long long first = block * rows / blocks, end = (block + 1) * rows / blocks;
    by_rows[end - first](a + first * a_step, a_step, b, depth, sums(first), fetch, line);
    write(first, end);
    fetch += line * (depth / together);
  }
}

CONUS_VECTOR inline void multiply(const Number* a, long long a_step, long long rows,
                                  const Number* b, long long depth, float* c, const Number* next) {
  in_blocks(
      a, a_step, rows, b, depth, next, [=](long long first) { return c + first * columns; },
      [](long long, long long) {});
}

// The sums come from memory again: held in registers, they would leave too few for the product.
CONUS_VECTOR inline void write(const float* sums, long long rows, const Finish<Number>& finish,
                               Number* y, long long step) {
  const Floats none = all(0);
  for (int v = 0; v < columns; v += lanes) {
    const Floats bias = finish.bias ? load(finish.bias + v) : none;
    for (long long i = 0; i < rows; ++i) {
      const Floats sum = add(load(sums + i * columns + v), bias);
      store(y + i * step + v, finished(sum, finish, i * step + v));
    }
  }
}

CONUS_VECTOR inline void multiply_and_finish(const Number* a, long long a_step, long long rows,
                                             const Number* b, long long depth,
                                             const Finish<Number>& finish, Number* y,
                                             long long y_step, const Number* next) {
  alignas(64) float sums[most_rows * columns];
  float* const to = sums;
  in_blocks(
      a, a_step, rows, b, depth, next, [=](long long) { return to; },
      [&](long long first, long long end) {
        const long long place = first * y_step;
        write(to, end - first, finish.from(place), y + place, y_step);
      });
}

inline Tiling<Number> tiling() {
  return {lanes,
          columns,
          most_rows,
          together,
          multiply,
          multiply_and_finish,
          {enter<TwoByTwo>, enter<FourByFour>},
          {leave<TwoByTwo>, leave<FourByFour>}};
}

}  // namespace CONUS_NAMESPACE
}  // namespace conus

#endif
