// Kept in the words that every stream has for its users (std::ios_base::xalloc).
#include "admin/print/page.h"

#include <algorithm>
#include <ostream>

namespace sallyport::admin {

namespace {

constexpr long not_set = 0, endless = -1;
constexpr std::size_t least_room = 20;

int width_index() {
    static const int index = std::ios_base::xalloc();
    return index;
}

int colours_index() {
    static const int index = std::ios_base::xalloc();
    return index;
}

}  // namespace

void set_page(std::ostream& out, const Page& page) {
    out.iword(width_index()) = page.width == endless_width ? endless : static_cast<long>(page.width);
    out.iword(colours_index()) = page.colours ? 1 : 0;
}

Page page_of(std::ostream& out) {
    const long width = out.iword(width_index());
    if (width == not_set) return {};
    return {width == endless ? endless_width : static_cast<std::size_t>(width), out.iword(colours_index()) != 0};
}

std::size_t room_behind(std::size_t taken, const Page& page) {
    if (page.width == endless_width) return endless_width;
    return page.width > taken ? std::max(page.width - taken, least_room) : least_room;
}

}  // namespace sallyport::admin
