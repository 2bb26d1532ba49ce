// The threads that kernels are called on, as environments use them: at once, from many threads, going down amid their work.
// ThreadSanitizer sees these tests: what a job holds is not atomic where the crew promises an order.
#include "crew.hpp"

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace ridgeflow::testing {
namespace {

using bindings::Crew;
using bindings::Job;

class Work;

/// What an environment keeps of its jobs: it waits until the crew has none of them left.
class Owner {
 public:
  void post(std::unique_ptr<Work> work);
  /// As an environment that goes down. Returns how many jobs never ran.
  std::size_t goDown();
  void waitForAll() {
    std::unique_lock<std::mutex> lock(mutex_);
    quiet_.wait(lock, [this] { return begun_ == 0; });
  }
  void finished(Work* work) {
    const std::lock_guard<std::mutex> lock(mutex_);
    finished_.push_back(work);
    --begun_;
    quiet_.notify_all();
  }
  std::vector<std::unique_ptr<Work>> take();

 private:
  std::mutex mutex_;
  std::condition_variable quiet_;
  std::size_t begun_ = 0;
  std::vector<Work*> finished_;
};

/// Adds numbers up; an endless one goes on until it is stopped.
class Work : public Job {
 public:
  Work(Owner& owner, bool endless) : owner_(owner), endless_(endless), numbers_(50, 1.0) {}
  void run() noexcept override {
    ++runs;
    thread = std::this_thread::get_id();
    do {
      sum += std::accumulate(numbers_.begin(), numbers_.end(), 0.0);
      std::this_thread::yield();
    } while (endless_ && !stopped_.load(std::memory_order_relaxed));
  }
  void stop() noexcept override { stopped_.store(true, std::memory_order_relaxed); }
  void finish() noexcept override { owner_.finished(this); }
  const void* owner() const noexcept override { return &owner_; }

  int runs = 0;
  double sum = 0.0;
  std::thread::id thread;

 private:
  Owner& owner_;
  bool endless_;
  std::vector<double> numbers_;
  std::atomic<bool> stopped_{false};
};

void Owner::post(std::unique_ptr<Work> work) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++begun_;
  }
  Crew::instance().post(work.release());
}

std::size_t Owner::goDown() {
  const std::vector<Job*> withdrawn = Crew::instance().withdraw(this);
  for (Job* job : withdrawn) {
    EXPECT_EQ(static_cast<Work*>(job)->runs, 0);
    delete job;
  }
  std::unique_lock<std::mutex> lock(mutex_);
  begun_ -= withdrawn.size();
  quiet_.wait(lock, [this] { return begun_ == 0; });
  return withdrawn.size();
}

std::vector<std::unique_ptr<Work>> Owner::take() {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::unique_ptr<Work>> works;
  for (Work* work : finished_) works.emplace_back(work);
  finished_.clear();
  return works;
}

template <class Body>
void onThreads(int count, const Body& body) {
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i) threads.emplace_back([&body, i] { body(i); });
  for (std::thread& thread : threads) thread.join();
}

TEST(Crew, RunsEveryJobOnceWhoeverPostsIt) {
  onThreads(6, [](int) {
    Owner owner;
    for (int round = 0; round < 20; ++round) {
      for (int i = 0; i < 25; ++i) owner.post(std::make_unique<Work>(owner, false));
      owner.waitForAll();
      const auto works = owner.take();
      ASSERT_EQ(works.size(), 25U);
      for (const auto& work : works) {
        EXPECT_EQ(work->runs, 1);
        EXPECT_EQ(work->sum, 50.0);
        EXPECT_NE(work->thread, std::this_thread::get_id());
      }
    }
  });
}

TEST(Crew, StopsAndGivesBackTheJobsOfAnOwnerThatGoesDown) {
  onThreads(6, [](int thread) {
    for (int round = 0; round < 30; ++round) {
      Owner owner;
      const std::size_t count = 1 + static_cast<std::size_t>(7 * round + thread) % 12;
      for (std::size_t i = 0; i < count; ++i) owner.post(std::make_unique<Work>(owner, i % 3 == 0));
      if (round % 2 == 0) std::this_thread::yield();
      const std::size_t withdrawn = owner.goDown();
      const auto works = owner.take();
      EXPECT_EQ(works.size() + withdrawn, count);
      for (const auto& work : works) EXPECT_EQ(work->runs, 1);
    }
  });
}

TEST(Crew, LeavesTheJobsOfOthersAlone) {
  Owner steady;
  std::atomic<bool> done{false};
  std::thread passing([&done] {
    while (!done) {
      Owner owner;
      for (int i = 0; i < 5; ++i) owner.post(std::make_unique<Work>(owner, true));
      owner.goDown();
      owner.take();
    }
  });
  for (int i = 0; i < 200; ++i) steady.post(std::make_unique<Work>(steady, false));
  steady.waitForAll();
  done = true;
  passing.join();
  const auto works = steady.take();
  ASSERT_EQ(works.size(), 200U);
  for (const auto& work : works) EXPECT_EQ(work->runs, 1);
}

}  // namespace
}  // namespace ridgeflow::testing
