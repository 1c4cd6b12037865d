// {"name", "file", "size", "offset", "bytes" (base64), "last"}
#include "admin/api/file_answer.h"

#include <boost/json.hpp>
#include <filesystem>

#include "admin/access/access_desk.h"
#include "base/hash.h"

namespace sallyport::admin {

namespace json = boost::json;

void answer_with_piece(Call& call, const io::Shelf& shelf) {
    const auto name = shelf.name_of(call.text("name"));
    if (!name) return call.fail(name.error(), "name");
    const std::uint64_t offset = call.number("offset", 0);
    const auto piece = shelf.read(*name, offset);
    if (!piece) return call.fail(piece.error(), "name");
    const std::uint64_t end = offset + piece->bytes.size();
    if (AccessDesk* desk = call.node().access(); desk != nullptr) {
        // NUL stands in no name.
        const std::string key = call.caller().author + '\0' + call.caller().address + '\0' + shelf.path_of(*name);
        if (desk->downloads().goes_on(key, offset, end, call.node().loop().now())) call.is_audited();
    }
    call.succeed(json::object{{"name", *name},
                              {"file", std::filesystem::path{shelf.path_of(*name)}.filename().string()},
                              {"size", piece->size},
                              {"offset", offset},
                              {"bytes", base64_encode(piece->bytes)},
                              {"last", end >= piece->size}});
}

}  // namespace sallyport::admin
