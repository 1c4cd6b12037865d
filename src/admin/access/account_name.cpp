// ASCII only: a name is typed at a sign-in page and stands in logs.
#include "admin/access/account_name.h"

#include <algorithm>

#include "admin/access/access_desk.h"

namespace sallyport::admin {

bool is_account_name(std::string_view name) {
    return !name.empty() && name.size() <= AccessDesk::longest_name &&
           std::all_of(name.begin(), name.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
                      c == '_' || c == '@' || c == '-';
           });
}

}  // namespace sallyport::admin
