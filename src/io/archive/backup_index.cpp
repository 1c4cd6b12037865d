// Big-endian numbers, texts behind their length.
#include "io/archive/backup_index.h"

#include <algorithm>
#include <set>

#include "io/archive/sealed_header.h"

namespace sallyport::io {

namespace {

constexpr std::uint64_t flag_secret = 1, flag_database = 2;
/// Year 9999 and some: what a clock may say.
constexpr std::uint64_t last_second = 253'402'300'799;

Error wrong_index(const std::string& what) { return {"backup-index", "the table of contents " + what}; }

class IndexWriter {
public:
    void number(std::uint64_t value, unsigned count) {
        for (unsigned shift = count * 8; shift > 0; shift -= 8) out_ += static_cast<char>(value >> (shift - 8) & 0xFFU);
    }
    void text(const std::string& value) {
        too_long_ |= value.size() > BackupIndex::longest_text;
        number(value.size(), 2);
        out_ += value;
    }
    [[nodiscard]] Result<std::string> take() && {
        if (too_long_ || out_.size() > BackupIndex::most_bytes) return wrong_index("is too long");
        return std::move(out_);
    }

private:
    std::string out_;
    bool too_long_ = false;
};

class IndexReader {
public:
    explicit IndexReader(std::string_view rest) : rest_{rest} {}
    std::uint64_t number(unsigned count) {
        std::uint64_t value = 0;
        for (const char byte : take(count)) value = value << 8U | static_cast<unsigned char>(byte);
        return value;
    }
    std::string text() {
        const std::uint64_t size = number(2);
        if (size > BackupIndex::longest_text) good_ = false;
        return std::string{take(size)};
    }
    [[nodiscard]] bool is_good() const { return good_; }
    [[nodiscard]] bool is_over() const { return rest_.empty(); }

private:
    std::string_view take(std::uint64_t count) {
        if (count > rest_.size()) good_ = false;
        if (!good_) return {};
        const std::string_view part = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return part;
    }
    std::string_view rest_;
    bool good_ = true;
};

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

/// "/etc/sallyport/edge.toml": no step back, no empty step.
bool is_straight_path(std::string_view path) {
    if (!path.starts_with('/') || has_control(path)) return false;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view step = path.substr(0, path.find('/'));
        if (step.empty() || step == "." || step == "..") return false;
        path.remove_prefix(step.size());
    }
    return true;
}

bool is_plain_name(std::string_view name) {
    return !name.empty() && !name.starts_with('.') && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    });
}

bool is_sound(const BackupFile& file) {
    return file.bytes <= most_sealed && (file.database || file.schema == 0) &&
           (file.place == BackupFile::Place::data ? is_plain_name(file.name) : is_straight_path(file.name));
}

}  // namespace

Result<std::string> BackupIndex::encode() const {
    if (files.size() > most_files) return wrong_index("has more than " + std::to_string(most_files) + " files");
    IndexWriter out;
    for (const std::string* text : {&program, &role, &node, &node_file, &data}) out.text(*text);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(made.time_since_epoch()).count();
    out.number(static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0)), 8);
    out.number(files.size(), 2);
    for (const BackupFile& file : files) {
        out.number(static_cast<std::uint64_t>(file.place), 1);
        out.number((file.secret ? flag_secret : 0) | (file.database ? flag_database : 0), 1);
        out.number(file.schema, 4);
        out.number(file.bytes, 8);
        out.text(file.name);
    }
    return std::move(out).take();
}

Result<BackupIndex> BackupIndex::decode(std::string_view bytes) {
    if (bytes.size() > most_bytes) return wrong_index("is too long");
    IndexReader in{bytes};
    BackupIndex index;
    for (std::string* text : {&index.program, &index.role, &index.node, &index.node_file, &index.data}) {
        *text = in.text();
        if (has_control(*text)) return wrong_index("has a malformed name");
    }
    const std::uint64_t seconds = in.number(8);
    if (seconds > last_second) return wrong_index("has a malformed time");
    index.made = WallTime{std::chrono::seconds{seconds}};
    const std::uint64_t count = in.number(2);
    if (count > most_files) return wrong_index("has more than " + std::to_string(most_files) + " files");
    std::set<std::pair<BackupFile::Place, std::string>> seen;
    for (std::uint64_t i = 0; i < count && in.is_good(); ++i) {
        BackupFile file;
        const std::uint64_t place = in.number(1), flags = in.number(1);
        if (place > 1 || flags > (flag_secret | flag_database)) return wrong_index("has a file of an unknown kind");
        file.place = static_cast<BackupFile::Place>(place);
        file.secret = (flags & flag_secret) != 0;
        file.database = (flags & flag_database) != 0;
        file.schema = static_cast<std::uint32_t>(in.number(4));
        file.bytes = in.number(8);
        file.name = in.text();
        if (!in.is_good()) break;
        if (!is_sound(file)) return wrong_index("has a malformed file: " + file.name);
        if (!seen.emplace(file.place, file.name).second) return wrong_index("has a file twice: " + file.name);
        index.files.push_back(std::move(file));
    }
    if (!in.is_good() || !in.is_over()) return wrong_index("is malformed");
    if (!is_straight_path(index.data)) return wrong_index("has a malformed data folder");
    if (!seen.contains({BackupFile::Place::named, index.node_file})) return wrong_index("lacks the node's file");
    if (index.content_bytes() > most_sealed) return wrong_index("has more than fits into a backup");
    return index;
}

std::uint64_t BackupIndex::content_bytes() const {
    std::uint64_t all = 0;
    for (const BackupFile& file : files) all += std::min(file.bytes, most_sealed);
    return all;
}

}  // namespace sallyport::io
