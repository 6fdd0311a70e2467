// Memory for layers and weights: in large pages, and kept for the next array.
//
// A network's layers come and go with each photograph. malloc gives memory of their size back to
// the system, which hands it out again page by page, each of 4096 bytes and filled with zeros: up
// to a fifth of a gradient's time. Here it stays until `give_back`. Pages of 2 MB spare most of the
// processor's searches for where a page lies, and every block begins where a line of the cache
// does.

#include <pthread.h>
#include <sys/mman.h>

#include <algorithm>
#include <mutex>
#include <new>
#include <vector>

namespace conus {

class Heap {
 public:
  // Null if the system has no more memory.
  void* take(size_t bytes) {
    // A line more than is needed: blocks of many whole pages would meet in the same lines.
    const size_t size = (bytes + 2 * line - 1) / line * line;
    std::lock_guard<std::mutex> lock(mutex_);
    size_t best = smallest(size);
    if (best == free_.size() && grow(size)) best = smallest(size);
    if (best == free_.size()) return nullptr;
    char* const at = free_[best].at;
    free_[best].at += size;
    free_[best].size -= size;
    if (!free_[best].size) free_.erase(free_.begin() + best);
    used_.push_back({at, size});
    return at;
  }

  void give(void* block) {
    if (!block) return;
    std::lock_guard<std::mutex> lock(mutex_);
    Piece& found = used(block);
    add(found);
    found = used_.back();
    used_.pop_back();
  }

  size_t size_of(void* block) {
    std::lock_guard<std::mutex> lock(mutex_);
    return used(block).size;
  }

  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

  // To the system goes what nobody uses. It comes back, filled with zeros, when it is touched.
  void give_back() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const Piece& piece : free_) {
      const size_t before = -reinterpret_cast<size_t>(piece.at) % small_page;
      if (piece.size > before)
        madvise(piece.at + before, (piece.size - before) / small_page * small_page, MADV_DONTNEED);
    }
  }

 private:
  struct Piece {
    char* at;
    size_t size;
  };
  static constexpr size_t line = 64, small_page = 4096, page = 2 << 20;
  static constexpr size_t generous = 256 << 20;

  size_t smallest(size_t size) const {
    size_t best = free_.size();
    for (size_t n = 0; n < free_.size(); ++n)
      if (free_[n].size >= size && (best == free_.size() || free_[n].size < free_[best].size))
        best = n;
    return best;
  }

  Piece& used(void* block) {
    size_t n = used_.size() - 1;  // what came last often goes first
    while (used_[n].at != block) --n;
    return used_[n];
  }

  // A free piece joins its neighbours; they are kept in order.
  void add(Piece piece) {
    size_t n = 0;
    while (n < free_.size() && free_[n].at < piece.at) ++n;
    const bool before = n && free_[n - 1].at + free_[n - 1].size == piece.at;
    const bool after = n < free_.size() && piece.at + piece.size == free_[n].at;
    if (before && after) {
      free_[n - 1].size += piece.size + free_[n].size;
      free_.erase(free_.begin() + n);
    } else if (before) {
      free_[n - 1].size += piece.size;
    } else if (after) {
      free_[n] = {piece.at, piece.size + free_[n].size};
    } else {
      free_.insert(free_.begin() + n, piece);
    }
  }

  // A large piece of address space costs nothing until it is touched, and gets few gaps. If so much
  // is forbidden, as much as is needed may be allowed.
  bool grow(size_t size) {
    const size_t needed = (size + page - 1) / page * page;
    return add_region(std::max(generous, needed)) || add_region(needed);
  }

  bool add_region(size_t size) {
    void* got =
        mmap(nullptr, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED) return false;
    // A large page begins at a multiple of its size.
    const size_t before = -reinterpret_cast<size_t>(got) % page;
    char* const at = static_cast<char*>(got) + before;
    if (before) munmap(got, before);
    if (before < page) munmap(at + size, page - before);
    madvise(at, size, MADV_HUGEPAGE);  // a system that has none gives small ones
    add({at, size});
    return true;
  }

  std::mutex mutex_;
  std::vector<Piece> free_, used_;
};

// Layers come and go, weights stay: in one heap they would leave gaps. Never destroyed, because
// arrays may outlive static objects.
struct Heaps {
  Heap layers, weights;

  static Heaps*& used() {
    static Heaps* found = new Heaps;
    return found;
  }

  // A thread that ends gives its scratch memory back, at any time. In a forked process it would
  // never be done with it. Called once, before anything is computed: a fork waits for what computes
  // first (forks.h), and then takes the locks.
  static void survive_forks() {
    pthread_atfork([] { used()->layers.lock(), used()->weights.lock(); },
                   [] { used()->layers.unlock(), used()->weights.unlock(); },
                   [] { used()->layers.unlock(), used()->weights.unlock(); });
  }
};

// Memory that goes back to its heap with its owner.
class Block {
 public:
  Block(Heap& heap, size_t bytes) : heap_(heap), data_(heap.take(bytes)) {
    if (!data_) throw std::bad_alloc();
  }
  Block(const Block&) = delete;
  ~Block() { heap_.give(data_); }
  void* data() const { return data_; }

 private:
  Heap& heap_;
  void* data_;
};

}  // namespace conus
