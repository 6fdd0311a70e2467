// A forked process goes on computing.
//
// A fork copies a process, but of its threads only the one that asked for it. In the copy, a lock
// that another thread held is never released, and OpenMP gives work to threads that are not there:
// it keeps them from one computation to the next. So a fork waits until no Op computes, and the
// thread that forks gives its OpenMP threads back before: each process then starts some of its own.

#include <omp.h>
#include <pthread.h>

#include <climits>
#include <new>
#include <shared_mutex>

namespace conus {

class Forks {
 public:
  // Shared by all who compute. Python's lock is not held while one waits for it, or the fork, which
  // holds that, would never end.
  static std::shared_mutex& gate() { return one().gate_; }

  // How many threads may compute here.
  static int most() { return one().most_; }

 private:
  Forks() { pthread_atfork(before, in_parent, in_child); }

  static Forks& one() {
    static Forks& made = *new Forks;  // never destroyed: a fork may come late
    return made;
  }

  static void before() {
    one().gate_.lock();
#if defined(__clang__) || __GNUC__ >= 9
    omp_pause_resource_all(omp_pause_hard);
#endif
  }

  static void in_parent() { one().gate_.unlock(); }

  static void in_child() {
    new (&one().gate_) std::shared_mutex;
#if !defined(__clang__) && __GNUC__ < 9
    one().most_ = 1;  // the threads could not be given back; a thread alone does not ask for them
#endif
  }

  std::shared_mutex gate_;
  int most_ = INT_MAX;
};

}  // namespace conus
