#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>

namespace ridgeflow::bindings {

/// The one thread of the process that calls MPI, off the event loop: what is posted runs there in order. MPI needs no more
/// than MPI_THREAD_FUNNELED of it. It is never ended, so that it may outlast main().
class Messenger {
 public:
  static Messenger& instance();

  /// Work must not throw.
  void post(std::function<void()> work);

  /// Posts the work and waits for its end.
  void run(const std::function<void()>& work);

 private:
  Messenger();
  void serve();

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<std::function<void()>> queue_;
};

}  // namespace ridgeflow::bindings
