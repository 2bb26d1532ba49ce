#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <vector>

namespace ridgeflow::bindings {

/// One piece of work for the crew.
class Job {
 public:
  virtual ~Job() = default;
  virtual void run() noexcept = 0;
  /// Asks a job that runs to stop soon. From any thread.
  virtual void stop() noexcept = 0;
  /// Says that the job is done. The job may be gone when it returns. From the thread that ran it.
  virtual void finish() noexcept = 0;
  /// Whose job it is.
  virtual const void* owner() const noexcept = 0;
};

/// The threads that kernels are called on, shared by all environments of the process. They are not those of libuv, which
/// also serve files, names and ciphers: a few long kernels would keep those waiting. First come, first served.
class Crew {
 public:
  /// There is one for as long as the process runs. It is never destroyed, so that threads may outlast main().
  static Crew& instance();

  /// Runs the job as soon as a thread is free. Throws std::system_error where not even one thread can be made.
  void post(Job* job);

  /// Takes the jobs of an owner that have not begun out of the queue, and stops those that run. Those taken out are returned.
  std::vector<Job*> withdraw(const void* owner);

 private:
  Crew() = default;
  void serve();
  static void stopAtExit();

  std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable rest_;
  std::deque<Job*> queue_;
  std::vector<Job*> running_;
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
};

}  // namespace ridgeflow::bindings
