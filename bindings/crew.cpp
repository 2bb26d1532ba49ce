#include "crew.hpp"

#include <algorithm>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "runtime/parallel.hpp"

namespace ridgeflow::bindings {
namespace {

/// Kernels share one arena, but some of their parts run on one thread alone: a few at once keep the processors busy.
std::size_t mostThreads() { return static_cast<std::size_t>(std::max(4, threadCount())); }

}  // namespace

Crew& Crew::instance() {
  static Crew* crew = [] {
    // Node.js ends without taking its environments down where process.exit() is called. What runs then must be over before
    // the libraries that it uses are.
    std::atexit(&Crew::stopAtExit);
    return new Crew();
  }();
  return *crew;
}

void Crew::post(Job* job) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (idle_ <= queue_.size() && threads_ < mostThreads()) {
    try {
      std::thread([this] { serve(); }).detach();
      ++threads_;
    } catch (const std::system_error&) {
      if (threads_ == 0) throw;
    }
  }
  queue_.push_back(job);
  work_.notify_one();
}

std::vector<Job*> Crew::withdraw(const void* owner) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Job*> taken;
  std::deque<Job*> others;
  for (Job* job : queue_) {
    if (job->owner() == owner) taken.push_back(job);
    else others.push_back(job);
  }
  queue_.swap(others);
  for (Job* job : running_) {
    if (job->owner() == owner) job->stop();
  }
  return taken;
}

void Crew::serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    ++idle_;
    work_.wait(lock, [this] { return !queue_.empty(); });
    --idle_;
    Job* job = queue_.front();
    queue_.pop_front();
    running_.push_back(job);
    lock.unlock();
    job->run();
    lock.lock();
    running_.erase(std::find(running_.begin(), running_.end(), job));
    if (running_.empty()) rest_.notify_all();
    lock.unlock();
    job->finish();
    lock.lock();
  }
}

void Crew::stopAtExit() {
  Crew& crew = instance();
  std::unique_lock<std::mutex> lock(crew.mutex_);
  crew.queue_.clear();
  for (Job* job : crew.running_) job->stop();
  crew.rest_.wait(lock, [&crew] { return crew.running_.empty(); });
}

}  // namespace ridgeflow::bindings
