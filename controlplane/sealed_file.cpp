#include "controlplane/sealed_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/evp.h>

#include <array>
#include <new>
#include <utility>

namespace weir::control {
namespace {

using nlohmann::json;

constexpr std::string_view kMagic = "weir configuration ", kFormat = "1 ";
constexpr std::size_t kDigest = 32, kDigits = 2 * kDigest;

}  // namespace

std::string sha256(std::string_view text) {
  std::array<unsigned char, kDigest> digest;
  if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
    throw std::bad_alloc();  // nothing else makes it fail
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

std::string sealed_head(json about, std::string_view text) {
  about["bytes"] = text.size();
  about["sha256"] = sha256(text);
  const std::string line = about.dump(-1, ' ', false, json::error_handler_t::replace);
  return fmt::format("{}{}{}\n{}\n", kMagic, kFormat, sha256(line), line);
}

std::variant<SealedFile, std::string> open_sealed(std::string content) {
  const std::string_view all = content;
  if (!all.starts_with(kMagic)) return "is none of the router's";
  if (!all.substr(kMagic.size()).starts_with(kFormat)) return "was written by another version";
  const std::size_t sum = kMagic.size() + kFormat.size(), line = sum + kDigits + 1;
  const std::size_t end = all.find('\n', line);
  if (end == std::string_view::npos || all[line - 1] != '\n') return "is not whole";
  const std::string_view head = all.substr(line, end - line), text = all.substr(end + 1);
  if (all.substr(sum, kDigits) != sha256(head)) return "is damaged";
  json about = json::parse(head, nullptr, false);
  if (!about.is_object() || !about.contains("bytes") || !about.contains("sha256"))
    return "is damaged";
  if (about["bytes"] != text.size()) return "is not whole";
  if (about["sha256"] != sha256(text)) return "is damaged";
  content.erase(0, end + 1);
  return SealedFile{std::move(about), std::move(content)};
}

}  // namespace weir::control
