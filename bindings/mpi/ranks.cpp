#include "ranks.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <thread>
#include <vector>

#include <mpi.h>

namespace ridgeflow::mpi {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kMessage = std::size_t{1} << 30;  // counts of MPI are ints
constexpr char kEnd[] = "end";

World world;
bool started = false, ended = false;
std::atomic<double> sentBytes{0.0};
std::atomic<int> abortCode{-1};

void count(double bytes) { sentBytes.store(sentBytes.load() + bytes); }

void abortIfAsked() {
  if (const int code = abortCode.load(); code >= 0) MPI_Abort(MPI_COMM_WORLD, code);
}

/// Waits for requests with little use of the processor, which kernels need: MPI's own waiting would take a whole one.
void wait(std::span<MPI_Request> requests) {
  const auto begun = Clock::now();
  for (;;) {
    int done = 0;
    MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE);
    if (done != 0) return;
    abortIfAsked();
    const auto waited = Clock::now() - begun;
    if (waited < 20us) std::this_thread::yield();
    else std::this_thread::sleep_for(waited < 2ms ? 20us : 100us);
  }
}

void wait(MPI_Request request) { wait(std::span(&request, 1)); }

std::vector<int> placesOf(std::span<const std::int32_t> counts) {
  if (counts.size() != static_cast<std::size_t>(world.size)) throw std::runtime_error("not one number of bytes for each rank");
  std::vector<int> places(counts.size());
  std::int64_t place = 0;
  for (std::size_t r = 0; r < counts.size(); ++r) {
    places[r] = static_cast<int>(place);
    place += counts[r];
  }
  if (place > std::numeric_limits<int>::max()) throw std::runtime_error("more than 2 GiB for one message of MPI");
  return places;
}

/// Where the part of rank r begins, of values that are dealt out among the ranks.
std::size_t partBegin(std::size_t length, int r) {
  return length / static_cast<std::size_t>(world.size) * static_cast<std::size_t>(r) +
         std::min(static_cast<std::size_t>(r), length % static_cast<std::size_t>(world.size));
}

/// The same of at most a message's values at once.
void sumPiece(std::span<double> values) {
  const auto size = static_cast<std::size_t>(world.size);
  std::vector<int> counts(size), places(size), mine(size), minePlaces(size);
  for (int r = 0; r < world.size; ++r) {
    places[r] = static_cast<int>(partBegin(values.size(), r));
    counts[r] = static_cast<int>(partBegin(values.size(), r + 1)) - places[r];
  }
  const int own = counts[world.rank];
  for (std::size_t r = 0; r < size; ++r) {
    mine[r] = own;
    minePlaces[r] = static_cast<int>(r) * own;
  }
  std::vector<double> received(static_cast<std::size_t>(own) * size), total(static_cast<std::size_t>(own), 0.0);
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ialltoallv(values.data(), counts.data(), places.data(), MPI_DOUBLE, received.data(), mine.data(), minePlaces.data(),
                 MPI_DOUBLE, MPI_COMM_WORLD, &request);
  wait(request);
  for (std::size_t r = 0; r < size; ++r) {
    for (std::size_t i = 0; i < total.size(); ++i) {
      total[i] = r == 0 ? received[i] : total[i] + received[r * total.size() + i];
    }
  }
  MPI_Iallgatherv(total.data(), own, MPI_DOUBLE, values.data(), counts.data(), places.data(), MPI_DOUBLE, MPI_COMM_WORLD,
                  &request);
  wait(request);
  count(8.0 * static_cast<double>(values.size() - static_cast<std::size_t>(own)) + 8.0 * own * (world.size - 1));
}

}  // namespace

World start() {
  if (ended) throw std::runtime_error("MPI has ended in this process");
  if (started) return world;
  int inited = 0, provided = 0;
  MPI_Initialized(&inited);
  if (inited == 0) MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &world.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &world.size);
  char name[MPI_MAX_PROCESSOR_NAME] = "";
  int length = 0;
  MPI_Get_processor_name(name, &length);
  world.host.assign(name, static_cast<std::size_t>(length));
  started = true;
  return world;
}

void gather(Bytes sent, Bytes received) {
  const int length = static_cast<int>(std::min(sent.size(), kMessage));
  if (sent.size() > kMessage || received.size() != sent.size() * static_cast<std::size_t>(world.size)) {
    throw std::runtime_error("what is gathered does not fit");
  }
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Iallgather(sent.data(), length, MPI_BYTE, received.data(), length, MPI_BYTE, MPI_COMM_WORLD, &request);
  wait(request);
  count(static_cast<double>(sent.size()) * (world.size - 1));
}

void gatherParts(Bytes sent, Bytes received, std::span<const std::int32_t> counts) {
  const std::vector<int> places = placesOf(counts);
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Iallgatherv(sent.data(), static_cast<int>(sent.size()), MPI_BYTE, received.data(), counts.data(), places.data(),
                  MPI_BYTE, MPI_COMM_WORLD, &request);
  wait(request);
  count(static_cast<double>(sent.size()) * (world.size - 1));
}

void swapParts(Bytes sent, std::span<const std::int32_t> sentCounts, Bytes received,
               std::span<const std::int32_t> receivedCounts) {
  const std::vector<int> from = placesOf(sentCounts), to = placesOf(receivedCounts);
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Ialltoallv(sent.data(), sentCounts.data(), from.data(), MPI_BYTE, received.data(), receivedCounts.data(), to.data(),
                 MPI_BYTE, MPI_COMM_WORLD, &request);
  wait(request);
  count(static_cast<double>(sent.size()) - sentCounts[static_cast<std::size_t>(world.rank)]);
}

void sum(std::span<double> values) {
  constexpr std::size_t most = kMessage / sizeof(double);
  for (std::size_t first = 0; first < values.size(); first += most) {
    sumPiece(values.subspan(first, std::min(most, values.size() - first)));
  }
}

void pass(Bytes sent, Bytes received) {
  const int next = (world.rank + 1) % world.size, before = (world.rank + world.size - 1) % world.size;
  std::vector<MPI_Request> requests;
  const auto pieces = [&requests](Bytes bytes, const auto& post) {
    for (std::size_t first = 0; first < bytes.size(); first += kMessage) {
      requests.push_back(MPI_REQUEST_NULL);
      post(bytes.data() + first, static_cast<int>(std::min(kMessage, bytes.size() - first)), &requests.back());
    }
  };
  pieces(received, [&](std::byte* at, int length, MPI_Request* request) {
    MPI_Irecv(at, length, MPI_BYTE, before, 0, MPI_COMM_WORLD, request);
  });
  pieces(sent, [&](std::byte* at, int length, MPI_Request* request) {
    MPI_Isend(at, length, MPI_BYTE, next, 0, MPI_COMM_WORLD, request);
  });
  wait(requests);
  count(static_cast<double>(sent.size()));
}

void end() {
  if (!started || ended) return;
  ended = true;
  const auto size = static_cast<std::size_t>(world.size);
  for (bool all = false; !all;) {
    std::int32_t length = sizeof(kEnd) - 1;
    std::vector<std::int32_t> lengths(size);
    gather(std::as_writable_bytes(std::span(&length, 1)), std::as_writable_bytes(std::span(lengths)));
    std::size_t total = 0;
    for (const std::int32_t each : lengths) total += static_cast<std::size_t>(each);
    std::vector<std::byte> own(sizeof(kEnd) - 1), texts(total);
    std::memcpy(own.data(), kEnd, own.size());
    gatherParts(own, texts, lengths);
    all = total == size * own.size();
    for (std::size_t r = 0; all && r < size; ++r) all = std::memcmp(texts.data() + r * own.size(), kEnd, own.size()) == 0;
  }
  MPI_Finalize();
}

void askToAbort(int code) { abortCode.store(code); }

void abort() {
  if (started && !ended) abortIfAsked();
  std::_Exit(abortCode.load());
}

double bytesSent() { return sentBytes.load(); }

}  // namespace ridgeflow::mpi
