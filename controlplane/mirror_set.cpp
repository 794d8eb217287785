#include "controlplane/mirror_set.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace weir::control {
namespace {

using Direction = config::Mirror::Direction;

std::string_view in_words(Direction direction) {
  return direction == Direction::in ? "in" : direction == Direction::out ? "out" : "both ways";
}

std::string_view name(Direction direction) {
  return direction == Direction::in ? "in" : direction == Direction::out ? "out" : "both";
}

}  // namespace

void MirrorSet::change(const std::vector<config::Mirror>& wanted) {
  std::vector<Mirror> next;
  std::vector<Mirror*> stays;  // by place in `next`; null: it is new
  for (const config::Mirror& mirror : wanted) {
    const auto known = std::find_if(mirrors_.begin(), mirrors_.end(),
                                    [&](const Mirror& each) { return each.config == mirror; });
    stays.push_back(known == mirrors_.end() ? nullptr : &*known);
    next.push_back({.config = mirror});
    if (known != mirrors_.end()) {
      next.back().row = known->row;
      next.back().before = known->before;
      continue;
    }
    const auto row = free_row(next);
    if (!row)
      throw std::runtime_error(
          fmt::format("no more than {} mirrors at once, those that go included", kMaxMirrors));
    next.back().row = *row;
    next.back().before = counted(*row);
    if (!mirror.file.empty())
      next.back().file = std::make_unique<MirrorFile>(
          mirror.file, mirror.max_bytes, cores_,
          fmt::format("{} of {}", in_words(mirror.direction), mirror.from));
  }
  for (std::size_t i = 0; i < next.size(); ++i)
    if (stays[i] != nullptr) next[i].file = std::move(stays[i]->file);
  for (Mirror& old : mirrors_)
    if (old.file) leaving_.push_back(std::move(old.file));
  mirrors_ = std::move(next);
}

/// Neither one of `next` nor of those before them.
std::optional<std::size_t> MirrorSet::free_row(const std::vector<Mirror>& next) const {
  const auto has = [](const std::vector<Mirror>& mirrors, std::size_t row) {
    return std::any_of(mirrors.begin(), mirrors.end(),
                       [row](const Mirror& mirror) { return mirror.row == row; });
  };
  for (std::size_t row = 1; row <= kMaxMirrors; ++row)
    if (!has(next, row) && !has(mirrors_, row)) return row;
  return std::nullopt;
}

void MirrorSet::add_to(Snapshot& snapshot, const Interfaces& interfaces) const {
  snapshot.mirrors.resize(kMaxMirrors + 1);
  for (const Mirror& mirror : mirrors_) {
    MirrorTarget& target = snapshot.mirrors[mirror.row];
    if (mirror.file)
      target.ring = mirror.file->ring();
    else
      target.interface = *interfaces.find(mirror.config.to);
    const std::uint32_t bit = 1u << (mirror.row - 1);
    Interface& from = snapshot.interfaces[*interfaces.find(mirror.config.from)];
    if (mirror.config.direction != Direction::out) {
      from.mirror_in |= bit;
      if (from.kind == InterfaceKind::port) from.switched = true;
    }
    if (mirror.config.direction != Direction::in) from.mirror_out |= bit;
  }
}

void MirrorSet::let_go() {
  for (auto& file : leaving_)
    gone_.push_back({std::move(file), dataplane_.quiescence().retire_token()});
  leaving_.clear();
}

void MirrorSet::reclaim() {
  while (!gone_.empty() && dataplane_.quiescence().elapsed(gone_.front().token)) gone_.pop_front();
}

MirrorSet::Counts MirrorSet::counted(std::size_t row) const {
  Counts counts;
  for (const auto& worker : dataplane_.workers()) {
    const MirrorCounters& counters = worker->counters().mirror[row];
    counts.packets += counters.packets.get();
    counts.bytes += counters.bytes.get();
    counts.dropped += counters.dropped.get();
  }
  return counts;
}

std::vector<MirrorStatus> MirrorSet::status() const {
  std::vector<MirrorStatus> result;
  for (const Mirror& mirror : mirrors_) {
    const Counts counts = counted(mirror.row);
    MirrorStatus status{.from = mirror.config.from,
                        .direction = std::string(name(mirror.config.direction)),
                        .to = mirror.config.file.empty() ? mirror.config.to : mirror.config.file,
                        .packets = counts.packets - mirror.before.packets,
                        .bytes = counts.bytes - mirror.before.bytes,
                        .dropped = counts.dropped - mirror.before.dropped};
    if (mirror.file) {
      status.packets = mirror.file->packets();
      status.bytes = mirror.file->bytes();
      status.dropped += mirror.file->dropped();
      status.error = mirror.file->error();
    }
    result.push_back(std::move(status));
  }
  return result;
}

}  // namespace weir::control
