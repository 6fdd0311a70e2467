// Weights: recognised from call to call, and packed once for all functions that use them.
//
// oneDNN wants weights in a layout of its own. Packing costs about as much as a convolution, so a
// packed copy is kept, and what it was made from must be recognised:
// * an array that nobody can write (read-only, and so is whoever owns its memory) by its identity,
//   which is free;
// * any other array by its content, read at each call (about 0.1 ms per megabyte).

namespace conus {

// Four CRC-32C sums of every fourth 8-byte word. A change of any single number changes a CRC for
// certain; other changes go unnoticed with a probability of 2^-32 at most.
struct Fingerprint {
  unsigned long long sums[4] = {1, 2, 3, 4};
  bool operator==(const Fingerprint& other) const {
    return !std::memcmp(sums, other.sums, sizeof sums);
  }
};

__attribute__((target("sse4.2"))) inline Fingerprint fingerprint(const float* data, size_t count) {
  Fingerprint made;
  unsigned long long words[4];
  auto* bytes = reinterpret_cast<const char*>(data);
  size_t left = count * sizeof *data;
  while (left) {
    size_t step = left < sizeof words ? left : sizeof words;
    if (step < sizeof words) std::memset(words, 0, sizeof words);
    std::memcpy(words, bytes, step);
    for (int i = 0; i < 4; ++i) made.sums[i] = __builtin_ia32_crc32di(made.sums[i], words[i]);
    bytes += step;
    left -= step;
  }
  return made;
}

// Whether the array's memory is a piece of a file, mapped for reading: see shelf.py.
inline bool shelved(PyArrayObject* weights) {
  PyObject* owner = PyArray_BASE(weights);
  return owner && !PyArray_Check(owner) && PyObject_HasAttrString(owner, "put_aside");
}

inline bool nobody_writes(PyArrayObject* weights) {
  return !PyArray_ISWRITEABLE(weights) &&
         (PyArray_CHKFLAGS(weights, NPY_ARRAY_OWNDATA) || shelved(weights));
}

// The numbers have been read and are not needed again soon.
inline void put_aside(PyArrayObject* weights) {
  if (!shelved(weights)) return;
  PyObject* done = PyObject_CallMethod(PyArray_BASE(weights), "put_aside", nullptr);
  if (!done) throw PythonError();
  Py_DECREF(done);
}

// Knows a node's read-only weights again. Holds a reference, so that their address stays theirs.
class Recognition {
 public:
  Recognition() = default;
  Recognition(const Recognition&) = delete;
  ~Recognition() { Py_XDECREF(known_); }

  // Call with Python's lock held; `weights` is contiguous. `read` is set where they had to be.
  Fingerprint of(PyArrayObject* weights, bool& read) {
    read = weights != known_ || PyArray_ISWRITEABLE(weights);
    if (!read) return fingerprint_;
    const bool frozen = nobody_writes(weights);
    Fingerprint made;
    {
      PythonReleased python;
      made = fingerprint(static_cast<float*>(PyArray_DATA(weights)), PyArray_SIZE(weights));
    }
    PyArrayObject* before = known_;
    known_ = frozen ? weights : nullptr;
    Py_XINCREF(known_);
    fingerprint_ = made;
    Py_XDECREF(before);
    return made;
  }

 private:
  PyArrayObject* known_ = nullptr;
  Fingerprint fingerprint_;
};

// The packed copies that are in use somewhere in this process, found by content and `Order`: how
// their numbers lie, which two orders compare, and what `Order::make` makes of plain weights.
template <typename Order>
class Packed {
 public:
  using Copy = std::shared_ptr<typename Order::Numbers>;

  static Copy copy(const Fingerprint& content, const float* plain, Order wanted) {
    static Packed& all = *new Packed;  // never destroyed: functions may outlive static objects
    std::lock_guard<std::mutex> lock(all.mutex_);
    auto unused = [](const Entry& entry) { return entry.copy.expired(); };
    auto end = std::remove_if(all.entries_.begin(), all.entries_.end(), unused);
    all.entries_.erase(end, all.entries_.end());
    for (const Entry& entry : all.entries_)
      if (entry.content == content && entry.order == wanted)
        if (Copy found = entry.copy.lock()) return found;
    Copy made = wanted.make(plain);
    all.entries_.push_back({content, std::move(wanted), made});
    return made;
  }

 private:
  struct Entry {
    Fingerprint content;
    Order order;
    std::weak_ptr<typename Order::Numbers> copy;
  };
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

// The order that one of oneDNN's kernels wants.
struct Reordered {
  struct Numbers {
    explicit Numbers(const_dnnl_memory_desc_t wanted)
        : block(Heaps::used()->weights, dnnl_memory_desc_get_size(wanted)),
          memory(conus::memory(wanted, block.data())) {}
    const Block block;
    const Memory memory;
  };
  Layout plain, wanted;

  Reordered(const_dnnl_memory_desc_t from, const_dnnl_memory_desc_t to) {
    check(dnnl_memory_desc_clone(plain.out(), from), "describing weights");
    check(dnnl_memory_desc_clone(wanted.out(), to), "describing packed weights");
  }
  bool operator==(const Reordered& other) const {
    return dnnl_memory_desc_equal(wanted, other.wanted);
  }
  std::shared_ptr<Numbers> make(const float* data) const {
    auto made = std::make_shared<Numbers>(wanted);
    Memory from = memory(plain, const_cast<float*>(data));
    reorder(plain, wanted).run({{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, made->memory}});
    return made;
  }
};

}  // namespace conus
