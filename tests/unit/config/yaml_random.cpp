#include "tests/unit/config/yaml_random.hpp"

#include <algorithm>

#include "config/text.hpp"

namespace weir::config {
namespace {

using Kind = YamlNode::Kind;

ModelPath inside(ModelPath path, std::size_t index) {
  path.push_back(index);
  return path;
}

}  // namespace

Model Model::of(const YamlNode& node) {
  Model model{node.kind, node.text, {}};
  const bool is_map = node.kind == Kind::map;
  for (std::size_t i = 0; i < node.children.size(); i += is_map ? 2 : 1) {
    if (is_map) {
      model.entries.emplace_back(node.children[i]->text, of(*node.children[i + 1]));
    } else {
      model.entries.emplace_back("", of(*node.children[i]));
    }
  }
  return model;
}

bool operator==(const Model& a, const Model& b) {
  if (a.kind != b.kind || a.text != b.text || a.entries.size() != b.entries.size()) return false;
  if (a.kind != Kind::map) return a.entries == b.entries;
  auto left = a.entries;
  auto right = b.entries;
  const auto by_key = [](const auto& x, const auto& y) { return x.first < y.first; };
  std::sort(left.begin(), left.end(), by_key);
  std::sort(right.begin(), right.end(), by_key);
  return left == right;
}

Model RandomYaml::value(int depth) {
  const std::size_t choice = below(depth > 0 ? 10 : 5);
  if (choice == 0) return {};
  if (choice < 5) {
    static const std::vector<std::string> kTails{"",  " x", ": y", " #z", "'q\"",    ",]}", "\\",
                                                 "é", "-",  "&a",  "\n",  "  \ttab", "%"};
    return Model::word(
        cat('v', ids_++, '_', chance(60) ? std::string{} : kTails[below(kTails.size())]));
  }
  Model model{choice < 7 ? Kind::list : Kind::map, {}, {}};
  for (std::size_t count = below(5); count > 0; --count) {
    std::string key;
    if (model.kind == Kind::map) key = new_key() + (chance(20) ? ".30" : "");
    model.entries.emplace_back(key, value(depth - 1));
  }
  return model;
}

Model RandomYaml::tree() {
  Model model{Kind::map, {}, {}};
  for (std::size_t count = 1 + below(5); count > 0; --count) {
    model.entries.emplace_back(new_key(), value(3));
  }
  return model;
}

std::string RandomYaml::scalar(const Model& model, bool flow) {
  const std::string& text = model.text;
  const bool plain = text.find_first_of(" :#'\",]}\\&\n\t%") == std::string::npos;
  if (plain && !chance(20)) return text;
  const bool printable = text.find_first_of("\n\t") == std::string::npos;
  (void)flow;
  std::string out;
  if (printable && chance(50)) {
    for (const char c : text) out += c == '\'' ? "''" : std::string(1, c);
    return cat('\'', out, '\'');
  }
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return cat('"', out, '"');
}

std::string RandomYaml::flow(const Model& model) {
  if (model.kind == Kind::null) return chance(50) ? "null" : "~";
  if (model.kind == Kind::scalar) return scalar(model, true);
  const bool is_map = model.kind == Kind::map;
  const std::string pad = chance(20) ? " " : "";
  std::string out = (is_map ? "{" : "[") + pad;
  for (std::size_t i = 0; i < model.entries.size(); ++i) {
    if (i > 0) out += chance(10) ? " ,  " : ", ";
    const auto& [key, child] = model.entries[i];
    if (is_map) out += key;
    if (is_map && child.kind == Kind::null && chance(30)) continue;
    out += (is_map ? ": " : "") + flow(child);
  }
  if (!model.entries.empty() && chance(10)) out += ",";
  return out + pad + (is_map ? "}" : "]");
}

void RandomYaml::comment(const ModelPath& owner) {
  const std::string name = cat("#c", ids_++, '_');
  out_ += name + (chance(30) ? " it's \"{[" : "");
  comments_[name] = owner;
}

void RandomYaml::end_line(const ModelPath& owner) {
  if (chance(20)) {
    out_ += std::string(1 + below(5), ' ');
    comment(owner);
  }
  out_ += break_;
}

/// A multi-line flow, up to its last line's end.
void RandomYaml::flow_lines(const Model& model, std::size_t indent, const ModelPath& path) {
  const bool is_map = model.kind == Kind::map;
  out_ += is_map ? " {" : " [";
  end_line(path);
  const bool last_comma = chance(30);
  for (std::size_t i = 0; i < model.entries.size(); ++i) {
    const ModelPath own = inside(path, i);
    if (chance(15)) {
      out_ += std::string(indent + 4, ' ');
      comment(own);
      out_ += break_;
    }
    out_ += std::string(indent + 4, ' ');
    if (is_map) out_ += model.entries[i].first + ": ";
    out_ += flow(model.entries[i].second);
    if (i + 1 < model.entries.size() || last_comma) out_ += ",";
    end_line(own);
  }
  out_ += std::string(indent + 2, ' ') + (is_map ? "}" : "]");
  end_line(path);
}

void RandomYaml::literal(const Model& model, std::size_t indent) {
  out_ += chance(50) ? " |-" : " >-";
  out_ += break_ + std::string(indent + step_, ' ') + model.text + break_;
  literal_end_ = out_.size();
}

void RandomYaml::behind_sign(const Model& model, std::size_t indent, const ModelPath& path,
                             bool in_list) {
  const bool is_list = model.kind == Kind::list;
  if (model.kind == Kind::null && chance(50)) return end_line(path);
  if (model.kind == Kind::scalar && model.text.find('\n') == std::string::npos && chance(8)) {
    return literal(model, indent);
  }
  if (model.entries.empty() || chance(30)) {
    flows_.push_back(path);
    if (!model.entries.empty() && chance(40)) return flow_lines(model, indent, path);
    out_ += cat(' ', flow(model));
    return end_line(path);
  }
  if (in_list && chance(60)) {
    out_ += " ";
    return block(model, indent + 2, path, true);
  }
  end_line(path);
  block(model, indent + (is_list && !in_list ? dash_step_ : step_), path, false);
}

void RandomYaml::block(const Model& model, std::size_t indent, const ModelPath& path,
                       bool behind_dash) {
  for (std::size_t i = 0; i < model.entries.size(); ++i) {
    const ModelPath own = inside(path, i);
    if (i > 0 || !behind_dash) {
      if (chance(8)) out_ += break_;
      if (chance(15)) {
        out_ += std::string(indent, ' ');
        const bool of_file = out_.find_first_of("\r\n") == std::string::npos;
        comment(of_file ? ModelPath{} : own);
        out_ += break_;
      }
      out_ += std::string(indent, ' ');
    }
    const auto& [key, child] = model.entries[i];
    out_ += model.kind == Kind::map ? key + ":" : "-";
    behind_sign(child, indent, own, model.kind == Kind::list);
    // Deeper than this entry, and not deeper than one inside it.
    const bool has_block = !child.entries.empty() && !flow_at(own);
    const bool has_room = !has_block || child.kind == Kind::map || dash_step_ > 0;
    if (has_room && out_.size() != literal_end_ && chance(8)) {
      out_ += std::string(indent + 1 + (has_block ? 0 : below(12)), ' ');
      comment(own);
      out_ += break_;
    }
  }
}

std::string RandomYaml::text(const Model& model) {
  out_.clear();
  comments_.clear();
  flows_.clear();
  literal_end_ = 0;
  step_ = 2 + below(3);
  dash_step_ = chance(50) ? 0 : step_;
  break_ = chance(20) ? "\r\n" : "\n";
  if (chance(10)) out_ += "---" + break_;
  if (chance(30)) {
    comment({});
    out_ += break_ + break_;
  }
  block(model, 0, {}, false);
  if (chance(10)) {
    out_ += break_;
    comment({});
    out_ += break_;
  }
  if (chance(20)) out_.resize(out_.size() - break_.size());
  return out_;
}

bool RandomYaml::flow_at(const ModelPath& path) const {
  return std::any_of(flows_.begin(), flows_.end(), [&](const ModelPath& flow) {
    return flow.size() <= path.size() && std::equal(flow.begin(), flow.end(), path.begin());
  });
}

}  // namespace weir::config
