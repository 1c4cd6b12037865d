// The table of stream features.
#include "proto/s2s/features.h"

#include <array>

#include "proto/s2s/sasl/mechanisms.h"
#include "proto/s2s/stream_limits.h"
#include "proto/xmpp/namespaces.h"

namespace sallyport::s2s {
namespace {

namespace ns = xmpp::ns;

std::string& open(std::string& out, std::string_view name, std::string_view space) {
    return out.append("<").append(name).append(" xmlns='").append(space).append("'");
}

void offer_starttls(const FeatureValues& values, std::string& out) {
    open(out, "starttls", ns::tls);
    out.append(values.facts.has(Fact::tls_required) ? "><required/></starttls>" : "/>");
}

void offer_mechanisms(const FeatureValues&, std::string& out) {
    open(out, "mechanisms", ns::sasl).append(">");
    for (const sasl::Mechanism& mechanism : sasl::mechanisms()) {
        out.append("<mechanism>").append(mechanism.name).append("</mechanism>");
    }
    out.append("</mechanisms>");
}

void offer_dialback(const FeatureValues&, std::string& out) {
    open(out, "dialback", ns::dialback_feature).append("><errors/></dialback>");
}

void offer_bidi(const FeatureValues&, std::string& out) { open(out, "bidi", ns::bidi_feature).append("/>"); }

void offer_management(const FeatureValues&, std::string& out) { open(out, "sm", ns::stream_management).append("/>"); }

void offer_limits(const FeatureValues& values, std::string& out) {
    out.append(write_limits(values.max_bytes, values.idle_seconds));
}

constexpr std::array table{
    Feature{"starttls", ns::tls, Fact::tls_wanted, Fact::secured, &offer_starttls, "RFC 6120 5.4.1"},
    Feature{"mechanisms",
            ns::sasl,
            {Fact::secured, Fact::certified},
            Fact::authenticated,
            &offer_mechanisms,
            "RFC 6120 6.3.4, XEP-0178 3"},
    // Announced after SASL too: further pairs may be added by db:result (XEP-0220 2.6.2).
    Feature{
        "dialback", ns::dialback_feature, {Fact::channel_ok, Fact::dialback}, {}, &offer_dialback, "XEP-0220 2.4.2"},
    Feature{"bidi", ns::bidi_feature, {Fact::channel_ok, Fact::bidi}, Fact::authenticated, &offer_bidi, "XEP-0288 2.1"},
    // Before authentication as well: after dialback no further features follow; <enable/> waits for a ready pair.
    Feature{"sm", ns::stream_management, {Fact::channel_ok, Fact::management}, {}, &offer_management, "XEP-0198 2"},
    Feature{"limits", ns::stream_limits, Fact::channel_ok, {}, &offer_limits, "XEP-0478 3.1"},
};

}  // namespace

std::span<const Feature> features() { return table; }

std::string offer_features(const FeatureValues& values, std::string& names) {
    std::string out{"<stream:features>"};
    for (const Feature& feature : table) {
        if (!values.facts.contains(feature.needs) || values.facts.meets(feature.forbids)) continue;
        feature.offer(values, out);
        if (!names.empty()) names.append(" ");
        names.append(feature.name);
    }
    return out.append("</stream:features>");
}

}  // namespace sallyport::s2s
