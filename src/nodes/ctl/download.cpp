// The node gives a piece a request; half a file is removed.
#include "nodes/ctl/download.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "admin/print/words.h"
#include "base/hash.h"

namespace sallyport::ctl {

namespace json = boost::json;

namespace {

class Target {
public:
    Target() = default;
    Target(const Target&) = delete;
    Target& operator=(const Target&) = delete;
    ~Target() {
        if (descriptor_ < 0) return;
        ::close(descriptor_);
        ::unlink(path_.c_str());
    }

    [[nodiscard]] Result<void> open(const std::string& path) {
        if (descriptor_ >= 0) return {};
        path_ = path;
        descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        return descriptor_ >= 0 ? Result<void>{} : failure();
    }
    [[nodiscard]] Result<void> write(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return failure();
            bytes.remove_prefix(static_cast<std::size_t>(count));
        }
        return {};
    }
    [[nodiscard]] Result<void> keep() {
        if (::close(std::exchange(descriptor_, -1)) == 0) return {};
        return failure();
    }
    [[nodiscard]] const std::string& path() const { return path_; }

private:
    [[nodiscard]] Error failure() const { return {"download-file", path_ + ": " + std::strerror(errno)}; }

    std::string path_;
    int descriptor_ = -1;
};

/// The node says how the file is called; it does not say in which folder.
std::string plain_name(std::string name) {
    if (const auto slash = name.rfind('/'); slash != std::string::npos) name.erase(0, slash + 1);
    return name.empty() ? "download" : name;
}

}  // namespace

Result<Brought> download(const Ask& ask, json::object arguments, const OnBrought& on_brought) {
    Target target;
    Brought brought;
    const std::string wanted = admin::text_of(arguments, "file");
    arguments.erase("file");
    for (;;) {
        arguments["offset"] = brought.bytes;
        const auto answer = ask(arguments, [](const std::string&) {});
        if (!answer) return answer.error();
        if (!answer->ok) return answer->error;
        json::error_code problem;
        const json::value piece = json::parse(answer->result, problem);
        std::string bytes;
        const json::value* encoded = admin::member(piece, "bytes");
        if (problem || encoded == nullptr || !encoded->is_string() ||
            !base64_decode({encoded->as_string().data(), encoded->as_string().size()}, bytes)) {
            return Error{"node-unreachable", "the answer is not that of a Sallyport node"};
        }
        auto done = target.open(wanted.empty() ? plain_name(admin::text_of(piece, "file")) : wanted);
        if (done) done = target.write(bytes);
        if (!done) return done.error();
        brought.bytes += bytes.size();
        on_brought(brought.bytes, admin::count_of(piece, "size"));
        if (admin::flag_of(piece, "last") || bytes.empty()) break;
    }
    if (auto kept = target.keep(); !kept) return kept.error();
    brought.path = target.path();
    return brought;
}

}  // namespace sallyport::ctl
