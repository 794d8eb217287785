// A bounded memory of what happened last: records by key, in the order of their last use. Not
// thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <unordered_map>
#include <utility>

namespace weir::control {

template <typename Key, typename Value, typename Hash = std::hash<Key>>
class Recent {
 public:
  struct Record {
    Key key;
    Value value;
  };

  /// The caller sees to it that there are no more than `bound`: `full`, `oldest`.
  explicit Recent(std::size_t bound, Hash hash = {}) : bound_(bound), index_(0, hash) {}

  Value* find(const Key& key) {
    const auto it = index_.find(key);
    return it == index_.end() ? nullptr : &it->second->value;
  }
  const Value* find(const Key& key) const {
    const auto it = index_.find(key);
    return it == index_.end() ? nullptr : &it->second->value;
  }
  /// The record of `key`, a new one when there is none, as the newest.
  Value& use(const Key& key) {
    if (const auto it = index_.find(key); it != index_.end()) {
      records_.splice(records_.end(), records_, it->second);
      return it->second->value;
    }
    records_.push_back({key, {}});
    index_.emplace(key, std::prev(records_.end()));
    return records_.back().value;
  }
  bool erase(const Key& key) {
    const auto it = index_.find(key);
    if (it == index_.end()) return false;
    records_.erase(it->second);
    index_.erase(it);
    return true;
  }
  const Record& oldest() const { return records_.front(); }
  bool full() const { return index_.size() >= bound_; }
  bool empty() const { return index_.empty(); }
  std::size_t size() const { return index_.size(); }
  /// Oldest first.
  const std::list<Record>& records() const { return records_; }

 private:
  std::size_t bound_;
  std::list<Record> records_;
  std::unordered_map<Key, typename std::list<Record>::iterator, Hash> index_;
};

}  // namespace weir::control
