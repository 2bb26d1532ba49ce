#include "score/grid_points.hpp"

#include "runtime/memory.hpp"

namespace ridgeflow {
namespace {

constexpr std::size_t kSide = 16;  // grid steps of a block: no less than the taps of a window
constexpr std::size_t kCell = 4;   // grid steps of the cells that a block is sorted by, so that neighbours share a cache
constexpr std::size_t kBetweenChecks = 1U << 16;

/// Calls f(i, row) for the rows that the grid covers, beyond(i) for the others.
template <class T, class F, class G>
void forEachCovered(const ScoreProblem<T>& problem, const GridPlan& plan, GridSide side, const Control& control, F&& f, G&& beyond) {
  const bool centres = side == GridSide::kCentres;
  const T* rows = centres ? problem.centres : problem.queries;
  const std::size_t count = centres ? problem.m : problem.n, d = problem.d;
  for (std::size_t i = 0; i < count; ++i) {
    if (i % kBetweenChecks == 0) control.check();
    bool covered = !centres || problem.logWeights == nullptr || !std::isinf(problem.logWeights[i]);
    for (std::size_t k = 0; k < d; ++k) {
      const GridPlan::Axis& axis = plan.axes[k];
      const double x = rows[i * d + k];
      covered = covered && x >= (centres ? axis.sourceLow : axis.queryLow) && x <= (centres ? axis.sourceHigh : axis.queryHigh);
    }
    covered ? f(static_cast<std::uint32_t>(i), rows + i * d) : beyond(static_cast<std::uint32_t>(i));
  }
}

}  // namespace

template <class T>
std::vector<std::uint32_t> gridRows(const ScoreProblem<T>& problem, const GridPlan& plan, GridSide side, const Control& control,
                                    std::vector<std::uint32_t>* beyond) {
  std::vector<std::uint32_t> rows;
  rows.reserve(side == GridSide::kCentres ? problem.m : problem.n);
  forEachCovered(problem, plan, side, control, [&](std::uint32_t i, const T*) { rows.push_back(i); },
                 [&](std::uint32_t i) {
                   if (beyond != nullptr) beyond->push_back(i);
                 });
  return rows;
}

template <class T>
GridOrder::GridOrder(const ScoreProblem<T>& problem, const GridPlan& plan, GridSide side, const Control& control,
                     std::vector<std::uint32_t>* beyond) {
  const std::size_t d = problem.d;
  const bool centres = side == GridSide::kCentres;
  std::size_t sides[3] = {1, 1, 1};
  for (std::size_t k = 0; k < d; ++k) sides[k] = (centres ? plan.axes[k].sources : plan.axes[k].queries) / kSide + 1;
  const std::size_t blocks = sides[0] * sides[1] * sides[2];
  constexpr std::size_t kCells = kSide / kCell;
  const std::size_t cells = d == 1 ? kCells : d == 2 ? kCells * kCells : kCells * kCells * kCells;
  const double inset = static_cast<double>(plan.window.width) / 2;
  const auto cellOf = [&](const T* x) {
    std::size_t block = 0, cell = 0;
    for (std::size_t k = d; k-- > 0;) {
      const GridPlan::Axis& axis = plan.axes[k];
      const double position = (static_cast<double>(x[k]) - axis.origin) / plan.step - (centres ? 0.0 : static_cast<double>(axis.offset));
      const auto first = static_cast<std::size_t>(std::ceil(position - inset));
      block = block * sides[k] + first / kSide;
      cell = cell * kCells + first % kSide / kCell;
    }
    return block * cells + cell;
  };

  // Sorted by counting; 32-bit numbers suffice since rows do.
  std::vector<std::uint32_t> covered, cellOfRow;
  std::vector<std::uint32_t> ends(blocks * cells + 1, 0);
  covered.reserve(centres ? problem.m : problem.n);
  cellOfRow.reserve(covered.capacity());
  forEachCovered(problem, plan, side, control,
                 [&](std::uint32_t i, const T* x) {
                   const std::size_t cell = cellOf(x);
                   covered.push_back(i);
                   cellOfRow.push_back(static_cast<std::uint32_t>(cell));
                   ++ends[cell + 1];
                 },
                 [&](std::uint32_t i) {
                   if (beyond != nullptr) beyond->push_back(i);
                 });
  for (std::size_t cell = 0; cell < blocks * cells; ++cell) ends[cell + 1] += ends[cell];
  colours_.resize(std::size_t{1} << d);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::uint32_t begin = ends[block * cells], end = ends[(block + 1) * cells];
    if (begin == end) continue;
    const std::size_t x = block % sides[0], y = block / sides[0] % sides[1], z = block / sides[0] / sides[1];
    const std::size_t colour = ((x & 1) | (y & 1) << 1 | (z & 1) << 2) & (colours_.size() - 1);
    colours_[colour].emplace_back(begin, end);
  }
  rows_.resize(covered.size());
  for (std::size_t i = 0; i < covered.size(); ++i) {
    if (i % kBetweenChecks == 0) control.check();
    rows_[ends[cellOfRow[i]]++] = covered[i];
  }
}

template std::vector<std::uint32_t> gridRows(const ScoreProblem<float>&, const GridPlan&, GridSide, const Control&, std::vector<std::uint32_t>*);
template std::vector<std::uint32_t> gridRows(const ScoreProblem<double>&, const GridPlan&, GridSide, const Control&, std::vector<std::uint32_t>*);
template GridOrder::GridOrder(const ScoreProblem<float>&, const GridPlan&, GridSide, const Control&, std::vector<std::uint32_t>*);
template GridOrder::GridOrder(const ScoreProblem<double>&, const GridPlan&, GridSide, const Control&, std::vector<std::uint32_t>*);

}  // namespace ridgeflow
