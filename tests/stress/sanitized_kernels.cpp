// Our own kernels beside plain loops in double precision, for a sanitizer to watch.
//
// Each array is as long as it must be and no longer, so that a number read or written beyond its
// end is seen. The few functions of oneDNN and Python that the kernels touch are given here.

#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <vector>

using npy_uint16 = unsigned short;
using npy_uint32 = unsigned;
using dnnl_cpu_isa_t = int;
constexpr int dnnl_cpu_isa_avx512_core_amx = 15, dnnl_cpu_isa_avx512_core_bf16 = 7,
              dnnl_cpu_isa_avx512_core = 3, dnnl_cpu_isa_avx2 = 1;
static int dnnl_get_effective_cpu_isa() {
  if (std::getenv("NARROW")) return dnnl_cpu_isa_avx2;
  return __builtin_cpu_supports("avx512bf16") ? dnnl_cpu_isa_avx512_core_bf16
                                              : dnnl_cpu_isa_avx512_core;
}

namespace conus {

struct Geometry {
  long long batch, height, width, channels, filters, kernel_height, kernel_width, stride, pad;
  long long relu, residual, bfloat16, threads;
  long long out_height() const { return (height + 2 * pad - kernel_height) / stride + 1; }
  long long out_width() const { return (width + 2 * pad - kernel_width) / stride + 1; }
};

inline void* scratch(size_t bytes) {  // of exactly this size, full of what is no number
  thread_local std::vector<char> block;
  std::vector<char>(bytes + 64, '\xff').swap(block);
  auto place = reinterpret_cast<size_t>(block.data());
  return block.data() + (64 - place % 64) % 64;
}

}  // namespace conus

// clang-format off: the order counts
#include "heap.h"
#include "words.h"
#include "vectors.h"
#include "tiling.h"
#include "windows.h"
#include "avx512.h"
#include "tiles.h"
#include "maxima.h"
#include "avx512_bf16.h"
#include "tiles.h"
#include "avx2.h"
#include "tiles.h"
#include "maxima.h"
#include "algorithm.h"
#include "winograd.h"
#include "pointwise.h"
#include "polyphase.h"
#include "choice.h"
// clang-format on

using namespace conus;
using Array = std::vector<float>;

static Array drawn(size_t count, int seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  Array made(count);
  for (float& one : made) one = normal(generator);
  return made;
}

static bool wrong(const char* what, const Array& found, const std::vector<double>& expected,
                  double allowed = 1e-5) {
  double most = 0, largest = 1e-30;
  for (size_t i = 0; i < expected.size(); ++i) {
    const double apart = std::fabs(found[i] - expected[i]);
    most = apart >= 0 ? std::max(most, apart) : INFINITY;  // what is no number is wrong, too
    largest = std::max(largest, std::fabs(expected[i]));
  }
  if (most <= allowed * largest) return false;
  std::printf("%s is off by %g of %g\n", what, most, largest);
  return true;
}

// As an image holds them; `numbers` are rounded to that.
template <typename Number>
static std::vector<Number> held(Array& numbers) {
  std::vector<Number> made(numbers.size());
  for (size_t n = 0; n < made.size(); ++n) {
    put(&made[n], numbers[n]);
    numbers[n] = number(made[n]);
  }
  return made;
}

template <typename Number>
static std::shared_ptr<const Algorithm<Number>> chosen(const Geometry& g, bool back) {
  if constexpr (std::is_same_v<Number, float>) return choose_algorithm(g, back);
  if constexpr (!std::is_same_v<Number, float>) return back ? nullptr : choose_for_words(g);
}

// A convolution, or its gradient by the input, with all that may follow.
template <typename Number>
static bool convolution(const Geometry& g, bool back, int& taken) {
  const auto algorithm = chosen<Number>(g, back);
  if (!algorithm) return false;
  ++taken;
  const size_t in = g.batch * g.height * g.width * g.channels;
  const size_t out = g.batch * g.out_height() * g.out_width() * g.filters;
  const Array weights = drawn(g.filters * g.channels * g.kernel_height * g.kernel_width, 1);
  Array from = drawn(back ? out : in, 2), more = drawn(back ? in : out, 4);
  Array mask = drawn(back ? in : out, 5);
  const Array bias = drawn(g.filters, 3);
  const auto given = held<Number>(from), added = held<Number>(more), positive = held<Number>(mask);
  std::vector<double> expected(more.begin(), more.end());
  for (long long n = 0; n < g.batch; ++n)
    for (long long i = 0; i < g.out_height(); ++i)
      for (long long j = 0; j < g.out_width(); ++j)
        for (long long f = 0; f < g.filters; ++f) {
          const size_t y = ((n * g.out_height() + i) * g.out_width() + j) * g.filters + f;
          for (long long u = 0; u < g.kernel_height; ++u)
            for (long long v = 0; v < g.kernel_width; ++v) {
              const long long row = i * g.stride - g.pad + u, column = j * g.stride - g.pad + v;
              if (row < 0 || column < 0 || row >= g.height || column >= g.width) continue;
              for (long long c = 0; c < g.channels; ++c) {
                const size_t x = ((n * g.height + row) * g.width + column) * g.channels + c;
                const size_t w = ((f * g.channels + c) * g.kernel_height + u) * g.kernel_width + v;
                if (back)
                  expected[x] += double(from[y]) * weights[w];
                else
                  expected[y] += double(from[x]) * weights[w];
              }
            }
          if (!back) expected[y] = std::max(0., expected[y] + bias[f]);
        }
  if (back)
    for (size_t x = 0; x < in; ++x) expected[x] = mask[x] > 0 ? expected[x] : 0;
  // Aligned as `Transformed` does it.
  std::vector<Number> transformed(algorithm->weights() + 64 / sizeof(Number));
  for (Number& one : transformed) put(&one, NAN);
  Number* u = transformed.data();
  while (reinterpret_cast<size_t>(u) % 64) ++u;
  algorithm->transform(weights.data(), u);
  const Finish<Number> finish{back ? nullptr : bias.data(), added.data(),
                              back ? positive.data() : nullptr, !back};
  std::vector<Number> made(expected.size());
  for (Number& one : made) put(&one, NAN);
  algorithm->run(given.data(), u, finish, made.data());
  Array found(made.size());
  for (size_t n = 0; n < made.size(); ++n) found[n] = number(made[n]);
  return wrong(back ? "a gradient" : "an output", found, expected,
               sizeof(Number) < sizeof(float) ? 0.01 : 1e-5);
}

static MaximaOf maxima() {
  return widest(new MaximaOf(avx512::maxima()), new MaximaOf(avx2::maxima()))[0];
}

// Of float32, or of words: then all numbers are ones that a word holds.
template <typename Number>
static bool pooling(const Windows& w, const Image& of, FindMaxima<Number> find, int lanes) {
  const Array drawing = drawn(of.height * of.width * of.channels, 9);
  std::vector<Number> x(drawing.size());
  for (size_t n = 0; n < x.size(); ++n) put(&x[n], drawing[n]);
  const long long rows = w.count(of.height), columns = w.count(of.width);
  std::vector<Number> y(rows * columns * of.channels);
  for (long long i = 0; i < rows; ++i)
    find(x.data(), y.data() + i * columns * of.channels, w, of, i);
  Array found(y.size());
  std::vector<double> expected(y.size());
  for (size_t n = 0; n < y.size(); ++n) {
    const long long c = n % of.channels, i = n / of.channels / columns;
    const long long j = n / of.channels % columns;
    if (c >= of.channels / lanes * lanes) continue;  // these are left to plain loops
    found[n] = number(y[n]);
    expected[n] = -INFINITY;
    for (long long a = w.first(i); a < w.last(i, of.height); ++a)
      for (long long b = w.first(j); b < w.last(j, of.width); ++b)
        expected[n] =
            std::max<double>(expected[n], number(x[(a * of.width + b) * of.channels + c]));
  }
  return wrong("a pooling", found, expected);
}

static bool pooling_gradient(const Windows& w, const Image& of) {
  const MaximaOf by = maxima();
  Array x = drawn(of.height * of.width * of.channels, 6);
  for (float& one : x) one = std::max(0.f, std::round(2 * one));  // ties and zeros
  const long long rows = w.count(of.height), columns = w.count(of.width);
  const Array d = drawn(rows * columns * of.channels, 7);
  std::vector<double> expected(x.size());
  for (long long i = 0; i < rows; ++i)
    for (long long j = 0; j < columns; ++j)
      for (long long c = 0; c < of.channels; ++c) {
        size_t best = 0;
        float most = -1;
        for (long long a = w.first(i); a < w.last(i, of.height); ++a)
          for (long long b = w.first(j); b < w.last(j, of.width); ++b) {
            const size_t place = (a * of.width + b) * of.channels + c;
            if (x[place] > most) most = x[best = place];
          }
        if (most > 0) expected[best] += d[(i * columns + j) * of.channels + c];
      }
  Array found(x.size());
  for (long long c = 0; c + by.lanes <= of.channels; c += by.lanes)
    by.pay(x.data() + c, d.data() + c, found.data() + c, w, of, true);
  return wrong("a pooling's gradient", found, expected);
}

// Blocks of a heap: aligned, apart from each other, and as they were left; what was freed is used
// again.
static bool heap() {
  Heap heap;
  std::mt19937 generator(8);
  std::vector<std::pair<unsigned char*, size_t>> blocks;
  size_t lowest = SIZE_MAX, highest = 0;
  for (int step = 0; step < 4000; ++step) {
    if (blocks.size() < 40 && generator() % 2) {
      const size_t size = generator() % (generator() % 9 ? 300000 : 9000000);
      auto* made = static_cast<unsigned char*>(heap.take(size));
      if (!made || reinterpret_cast<size_t>(made) % 64 || heap.size_of(made) < size) return true;
      std::memset(made, int(size % 251), size);
      blocks.push_back({made, size});
      lowest = std::min(lowest, reinterpret_cast<size_t>(made));
      highest = std::max(highest, reinterpret_cast<size_t>(made) + size);
    } else if (!blocks.empty()) {
      std::swap(blocks[generator() % blocks.size()], blocks.back());
      const auto [block, size] = blocks.back();
      for (size_t n = 0; n < size; ++n)
        if (block[n] != size % 251) return true;
      blocks.pop_back();
      heap.give(block);
    }
    if (step % 500 == 0) heap.give_back();
  }
  return highest - lowest > 200000000;  // 40 blocks are at most 24 MB on average
}

int main() {
  int failed = heap(), taken = 0, of_words = 0;
  for (long long threads : {1, 2, 3, 7})
    for (long long batch : {1, 2, 5, 9}) {
      omp_set_num_threads(int(threads));
      for (bool back : {false, true}) {
        for (auto [rows, columns] : {std::pair{1LL, 1LL}, {3LL, 7LL}, {9LL, 6LL}})
          for (auto [channels, filters] : {std::pair{32LL, 64LL}, {96LL, 32LL}}) {
            failed += convolution<float>(
                {batch, rows, columns, channels, filters, 3, 3, 1, 1, 0, 0, 0, threads}, back,
                taken);
            failed += convolution<npy_uint16>(
                {batch, rows, columns, channels, filters, 3, 3, 1, 1, 0, 0, 1, threads}, back,
                of_words);
            failed += convolution<float>(
                {batch, rows, columns, channels * 4, filters, 1, 1, 1, 0, 0, 0, 0, threads}, back,
                taken);
          }
        for (auto [rows, columns] : {std::pair{1LL, 1LL}, {8LL, 7LL}, {13LL, 16LL}})
          failed += convolution<float>({batch, rows, columns, 3, 5, 7, 7, 2, 3, 0, 0, 0, threads},
                                       back, taken);
      }
    }
  const MaximaOf by = maxima();
  for (auto [size, stride, pad] : {std::array{3LL, 2LL, 0LL}, {3LL, 2LL, 1LL}, {2LL, 3LL, 1LL}})
    for (bool partial : {false, true}) {
      const Windows w{size, stride, pad, partial};
      failed += pooling(w, {9, 6, 53}, by.find, by.lanes);
      failed += pooling(w, {9, 6, 53}, by.find_words, by.lanes);
      failed += pooling_gradient(w, {9, 6, 48});
    }
  std::printf("%d computed by our kernels, %d more with words of bfloat16, %d wrong\n", taken,
              of_words, failed);
  return failed || !taken;
}
