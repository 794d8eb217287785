#include "dataplane/worker/learner.hpp"

#include <fmt/format.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_ring_elem.h>

#include <stdexcept>

namespace weir {
namespace {

Ring make_report_ring(unsigned worker) {
  const std::string name = fmt::format("learn.{}", worker);
  Ring ring{rte_ring_create_elem(name.c_str(), sizeof(LearnReport), Learner::kRing,
                                 static_cast<int>(SOCKET_ID_ANY), RING_F_SP_ENQ | RING_F_SC_DEQ)};
  if (!ring)
    throw std::runtime_error(
        fmt::format("no memory for the ring {}: {}", name, rte_strerror(rte_errno)));
  return ring;
}

}  // namespace

Learner::Learner(Counters& counters, unsigned worker, std::uint64_t ticks_per_second)
    : counters_(counters),
      ring_(make_report_ring(worker)),
      rate_(kRate, kBurst, static_cast<double>(ticks_per_second)),
      quiet_time_(ticks_per_second / 1000) {}

void Learner::report(const LearnReport& report, std::uint64_t now) {
  const std::uint64_t mixed = report.key * 0x9e3779b97f4a7c15ULL;
  Recent& recent = recent_[mixed >> 55];
  if (recent.key == report.key && recent.interface == report.interface && now < recent.until)
    return;
  if (budgets_[report.interface].take(rate_, now, 1) == 0) return counters_.learn_policed.add(1);
  if (rte_ring_sp_enqueue_elem(ring_.get(), const_cast<LearnReport*>(&report), sizeof report) != 0)
    return counters_.learn_queue_full.add(1);
  counters_.learn_reports.add(1);
  recent = {report.key, now + quiet_time_, report.interface};
}

unsigned Learner::take(LearnReport* reports, unsigned count) {
  return rte_ring_sc_dequeue_burst_elem(ring_.get(), reports, sizeof *reports, count, nullptr);
}

}  // namespace weir
