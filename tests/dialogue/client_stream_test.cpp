// Wire dialogues with the machine of a client's stream, each played again with the connection closing, vanishing or
// falling silent after every step.
#include <gtest/gtest.h>

#include <functional>

#include "proto/c2s/machine.h"
#include "proto/xml/reader.h"

namespace sallyport::c2s {
namespace {

using std::chrono::seconds;
using xmpp::StreamCondition;

constexpr std::string_view header_bytes =
    "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
    "to='corp.example' version='1.0'>";
constexpr std::string_view starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

xmpp::Jid jid(std::string_view text) { return xmpp::Jid::parse(text).value(); }

class Talk {
public:
    enum class Fault { none, footer, deadline };

    Talk(Fault fault, std::size_t stop_at) : fault_{fault}, stop_at_{stop_at} {
        Settings settings;
        settings.serves = [](const xmpp::Domain& domain) { return domain.text() == "corp.example"; };
        settings.default_domain = xmpp::Domain::parse("corp.example").value();
        settings.fresh_id = [this] { return "server" + std::to_string(++ids_); };
        machine = std::make_unique<Machine>(std::move(settings), now_);
        reader_ = std::make_unique<xml::Reader>(Limits{}.before_auth);
    }

    void client(std::string_view bytes) {
        if (stopped()) return;
        held_ = bytes;
        reader_->feed(held_);
        while (true) {
            const xml::Kind kind = reader_->next();
            Actions actions;
            if (kind == xml::Kind::need_more) break;
            if (kind == xml::Kind::header) machine->on_header(reader_->header(), now_, actions);
            if (kind == xml::Kind::element) machine->on_element(reader_->tree(), reader_->unread(), now_, actions);
            if (kind == xml::Kind::footer) machine->on_footer(now_, actions);
            if (kind == xml::Kind::problem) machine->on_problem(reader_->problem(), "x", now_, actions);
            const bool restarts = take(actions);
            if (restarts || kind == xml::Kind::footer || kind == xml::Kind::problem) break;
        }
        step_done();
    }
    void event(const std::function<void(Machine&, TimePoint, Actions&)>& happens) {
        if (stopped()) return;
        Actions actions;
        happens(*machine, now_, actions);
        take(actions);
        step_done();
    }
    void after(Duration time) {
        if (stopped()) return;
        now_ += time;
        Actions actions;
        machine->on_deadline(now_, wire, actions);
        take(actions);
        step_done();
    }
    void said(std::string_view text) {
        if (stopped()) return;
        EXPECT_NE(sent.find(text), std::string::npos) << "expected " << text << " in " << sent;
        sent.clear();
    }
    template <typename T>
    std::optional<T> wants() {
        for (auto at = pending.begin(); at != pending.end(); ++at) {
            if (!std::holds_alternative<T>(*at)) continue;
            T found = std::get<T>(*at);
            pending.erase(at);
            return found;
        }
        if (!stopped()) ADD_FAILURE() << "no such action";
        return std::nullopt;
    }
    void closes(StreamCondition condition) {
        if (stopped()) return;
        ASSERT_TRUE(close && close->error) << "still open";
        EXPECT_EQ(xmpp::text(close->error->condition), xmpp::text(condition));
    }
    [[nodiscard]] bool stopped() const { return stopped_; }
    [[nodiscard]] std::size_t steps() const { return steps_; }

    // The way to an open stream
    void to_features() {
        client(header_bytes);
        said("<required/>");
        client(starttls);
        said("<proceed");
        wants<StartTls>();
        reader_ = std::make_unique<xml::Reader>(Limits{}.before_auth);
        event([](Machine& m, TimePoint now, Actions& out) {
            m.on_tls({"TLSv1.3", "AES", "", "corp.example", std::nullopt}, {"exporter", "end-point"}, now, out);
        });
        client(header_bytes);
        said("<mechanism>SCRAM-SHA-256-PLUS</mechanism>");
    }
    void login() {
        to_features();
        client("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>" +
               base64_encode("n,,n=user,r=rOprNGfwEbeRWgbNEkqO") + "</auth>");
        if (const auto wanted = wants<LookUp>()) {
            EXPECT_EQ(wanted->user.text(), "user@corp.example");
        }
        EXPECT_TRUE(stopped() || machine->waiting());
        event([](Machine& m, TimePoint now, Actions& out) {
            m.on_verifier(sasl::derive(Digest::sha256, "pencil", "salt", 4096), now, out);
        });
        prove("pencil");
    }
    void prove(const std::string& password) {
        if (stopped()) return;
        const std::size_t at = sent.find("'>", sent.find("<challenge")) + 2;
        std::string challenge;
        ASSERT_TRUE(base64_decode(sent.substr(at, sent.find("</challenge>") - at), challenge)) << sent;
        sent.clear();
        const std::string last = "c=biws," + challenge.substr(0, challenge.find(','));
        const std::string salted = pbkdf2(Digest::sha256, password, "salt", 4096);
        std::string proof = hmac(Digest::sha256, salted, "Client Key");
        const std::string signature = hmac(Digest::sha256, hash(Digest::sha256, proof),
                                           "n=user,r=rOprNGfwEbeRWgbNEkqO," + challenge + "," + last);
        for (std::size_t i = 0; i < proof.size(); ++i) {
            proof[i] =
                static_cast<char>(static_cast<unsigned char>(proof[i]) ^ static_cast<unsigned char>(signature[i]));
        }
        client("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" +
               base64_encode(last + ",p=" + base64_encode(proof)) + "</response>");
    }
    void open() {
        login();
        said("<success");
        wants<Authenticated>();
        client(header_bytes);
        said("<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>");
        client(
            "<iq type='set' id='b1'><bind "
            "xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>desk</resource></bind></iq>");
        if (const auto wanted = wants<Bind>()) {
            EXPECT_EQ(wanted->resource, "desk");
        }
        event([](Machine& m, TimePoint now, Actions& out) { m.on_bound(jid("user@corp.example/desk"), now, out); });
        said("<jid>user@corp.example/desk</jid>");
        EXPECT_TRUE(stopped() || machine->open());
    }

    std::unique_ptr<Machine> machine;
    Sent wire;
    std::string sent;
    Actions pending;
    std::optional<Close> close;

private:
    bool take(Actions& actions) {
        bool restarts = false;
        for (Action& action : actions) {
            if (auto* send = std::get_if<Send>(&action)) {
                EXPECT_FALSE(close && close->silent) << "said after a silent end";
                sent += send->bytes;
            } else if (auto* ended = std::get_if<Close>(&action)) {
                EXPECT_FALSE(close) << "closed twice";
                close = *ended;
            } else if (std::holds_alternative<RestartXml>(action)) {
                reader_ = std::make_unique<xml::Reader>(Limits{}.after_auth);
                restarts = true;
            } else if (!std::holds_alternative<Note>(action)) {
                EXPECT_FALSE(close) << "asked for something after the end";
                pending.push_back(action);
            }
        }
        return restarts;
    }
    void step_done() {
        if (++steps_ != stop_at_ || fault_ == Fault::none) return;
        stopped_ = true;
        Actions actions;
        if (fault_ == Fault::footer) {
            machine->on_footer(now_, actions);
        } else {
            for (int i = 0; i < 4 && !machine->closed(); ++i) {
                ASSERT_NE(machine->deadline(), never) << "nothing would ever end this stream, " << machine->state();
                now_ = machine->deadline();
                machine->on_deadline(now_, wire, actions);
            }
        }
        pending.clear();
        take(actions);
        EXPECT_TRUE(machine->closed()) << machine->state();
        EXPECT_TRUE(close) << "the driver was not told";
        EXPECT_EQ(machine->deadline(), never);
        // Too late for anything.
        Actions none;
        machine->on_verifier({}, now_, none);
        machine->on_bound(jid("a@b/c"), now_, none);
        EXPECT_TRUE(none.empty());
    }

    Fault fault_;
    std::size_t stop_at_, steps_ = 0;
    bool stopped_ = false;
    unsigned ids_ = 0;
    TimePoint now_{};
    std::string held_;
    std::unique_ptr<xml::Reader> reader_;
};

void play(const std::function<void(Talk&)>& script) {
    Talk whole{Talk::Fault::none, 0};
    script(whole);
    for (const auto fault : {Talk::Fault::footer, Talk::Fault::deadline}) {
        for (std::size_t step = 1; step < whole.steps(); ++step) {
            SCOPED_TRACE("step " + std::to_string(step));
            Talk talk{fault, step};
            script(talk);
        }
    }
}

TEST(ClientStream, OpensAfterTlsScramAndBinding) {
    play([](Talk& talk) { talk.open(); });
}

TEST(ClientStream, ResumesASession) {
    play([](Talk& talk) {
        talk.login();
        talk.said("<success");
        talk.wants<Authenticated>();
        talk.client(header_bytes);
        talk.client("<resume xmlns='urn:xmpp:sm:3' previd='old' h='3'/>");
        if (const auto wanted = talk.wants<Resume>()) {
            EXPECT_EQ(wanted->id, "old");
            EXPECT_EQ(wanted->h, 3U);
        }
        talk.event(
            [](Machine& m, TimePoint now, Actions& out) { m.on_resumed(jid("user@corp.example/desk"), 7, now, out); });
        talk.said("<resumed xmlns='urn:xmpp:sm:3' previd='old' h='7'/>");
    });
}

TEST(ClientStream, BindsWhenNoSessionIsThereToResume) {
    play([](Talk& talk) {
        talk.login();
        talk.client(header_bytes);
        talk.client("<resume xmlns='urn:xmpp:sm:3' previd='old' h='3'/>");
        talk.event([](Machine& m, TimePoint now, Actions& out) { m.on_resume_refused(now, out); });
        talk.said("<item-not-found");
        talk.client("<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        talk.wants<Bind>();
    });
}

TEST(ClientStream, BindsAfterARequestToResumeThatCannotBeRead) {
    play([](Talk& talk) {
        talk.login();
        talk.client(header_bytes);
        for (const char* count : {"", " h=''", " h='-1'", " h='4294967296'"}) {
            talk.client("<resume xmlns='urn:xmpp:sm:3' previd='old'" + std::string{count} + "/>");
            talk.said("<bad-request");
        }
        talk.client("<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        talk.wants<Bind>();
    });
}

TEST(ClientStream, CountsOnceEnabled) {
    play([](Talk& talk) {
        talk.open();
        talk.client("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
        const auto enable = talk.wants<Enable>();
        EXPECT_TRUE(talk.stopped() || enable->resumable);
        talk.client("<enable xmlns='urn:xmpp:sm:3'/>");
        talk.said("<unexpected-request");
        talk.client("<r xmlns='urn:xmpp:sm:3'/>");
        talk.wants<AckAsked>();
        talk.client("<a xmlns='urn:xmpp:sm:3' h='2'/>");
        const auto acked = talk.wants<Acked>();
        EXPECT_TRUE(talk.stopped() || acked->h == 2U);
    });
}

TEST(ClientStream, AsksASilentClientAndThenEndsTheStream) {
    Talk talk{Talk::Fault::none, 0};
    talk.open();
    talk.after(seconds{600});
    talk.said("<ping xmlns='urn:xmpp:ping'/>");
    talk.after(seconds{60});
    talk.closes(StreamCondition::connection_timeout);
}

/// The question would wait behind what is about to show the same.
TEST(ClientStream, AsksNothingWhileTheClientTakesWhatWaits) {
    Talk talk{Talk::Fault::none, 0};
    talk.open();
    talk.sent.clear();
    talk.wire = {1000, 100};
    talk.after(seconds{600});
    for (std::uint64_t taken = 200; taken <= 900; taken += 100) {
        talk.wire = {2000, taken};
        talk.after(seconds{60});
        ASSERT_TRUE(talk.machine->open()) << taken;
    }
    EXPECT_EQ(talk.sent, "");
    talk.wire.taken = 2000;
    talk.after(seconds{60});
    talk.said("<ping xmlns='urn:xmpp:ping'/>");
    talk.after(seconds{60});
    talk.closes(StreamCondition::connection_timeout);
}

TEST(ClientStream, EndsWhereTheClientTakesNothingOfWhatWaits) {
    for (const bool asked : {true, false}) {
        Talk talk{Talk::Fault::none, 0};
        talk.open();
        talk.wire = {1000, asked ? 1000U : 100U};
        talk.after(seconds{600});
        talk.wire = {5000, asked ? 1000U : 200U};
        talk.after(seconds{60});
        if (!asked) {
            ASSERT_TRUE(talk.machine->open());
            talk.after(seconds{60});
        }
        talk.closes(StreamCondition::connection_timeout);
    }
}

/// A TCP takes what it has room for, whoever is behind it.
TEST(ClientStream, TakesNoRoomForLife) {
    Talk talk{Talk::Fault::none, 0};
    talk.open();
    talk.wire = {1000, 1000};
    talk.after(seconds{600});
    talk.wire = {2000, 2000};
    talk.after(seconds{60});
    talk.closes(StreamCondition::connection_timeout);
}

TEST(ClientStream, GoesOnWhenTheClientAnswers) {
    Talk talk{Talk::Fault::none, 0};
    talk.open();
    talk.after(seconds{600});
    talk.event([](Machine& m, TimePoint now, Actions&) { m.on_activity(false, now); });
    talk.after(seconds{60});
    EXPECT_TRUE(talk.machine->open());
}

struct Refusal {
    const char* what;
    std::function<void(Talk&)> way;
    std::string bytes;
    StreamCondition condition;
};

TEST(ClientStream, RefusesWhatHasNoPlace) {
    const auto at_first = [](Talk& talk) { talk.client(header_bytes); };
    const auto secured = [](Talk& talk) { talk.to_features(); };
    const auto authenticated = [](Talk& talk) {
        talk.login();
        talk.client(header_bytes);
    };
    const auto opened = [](Talk& talk) { talk.open(); };
    const std::string auth = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>biws</auth>";
    const std::string bind = "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";
    const Refusal rows[] = {
        {"authentication before TLS", at_first, auth, StreamCondition::policy_violation},
        {"binding before TLS", at_first, bind, StreamCondition::policy_violation},
        {"a stanza before TLS", at_first, "<presence/>", StreamCondition::policy_violation},
        {"binding before authentication", secured, bind, StreamCondition::not_authorized},
        {"a stanza before authentication", secured, "<message/>", StreamCondition::not_authorized},
        {"a stanza before binding", authenticated, "<presence/>", StreamCondition::not_authorized},
        {"authentication again", authenticated, auth, StreamCondition::policy_violation},
        {"acknowledgements that are off", opened, "<r xmlns='urn:xmpp:sm:3'/>",
         StreamCondition::unsupported_stanza_type},
        {"an acknowledgement without a count", opened, "<enable xmlns='urn:xmpp:sm:3'/><a xmlns='urn:xmpp:sm:3'/>",
         StreamCondition::bad_format},
        {"something unknown", opened, "<x xmlns='urn:example:x'/>", StreamCondition::unsupported_stanza_type},
        {"another server's domain", [](Talk&) {},
         "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='else.example' "
         "version='1.0'>",
         StreamCondition::host_unknown},
        {"a server", [](Talk&) {},
         "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' to='corp.example' "
         "version='1.0'>",
         StreamCondition::invalid_namespace},
    };
    for (const Refusal& row : rows) {
        SCOPED_TRACE(row.what);
        Talk talk{Talk::Fault::none, 0};
        row.way(talk);
        talk.client(row.bytes);
        talk.closes(row.condition);
    }
}

TEST(ClientStream, RefusesBytesBehindStarttls) {
    Talk talk{Talk::Fault::none, 0};
    talk.client(header_bytes);
    talk.client(std::string{starttls} + "<presence/>");
    talk.said("<failure xmlns='urn:ietf:params:xml:ns:xmpp-tls'");
    EXPECT_TRUE(talk.close);
}

TEST(ClientStream, EndsAfterTheThirdFailedLogin) {
    Talk talk{Talk::Fault::none, 0};
    talk.to_features();
    for (int i = 0; i < 3; ++i) {
        talk.client("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHgAeQ==</auth>");
        talk.said("<invalid-mechanism/>");
    }
    talk.closes(StreamCondition::policy_violation);
}

TEST(ClientStream, LetsAClientTryAgainAfterARefusedLogin) {
    Talk talk{Talk::Fault::none, 0};
    talk.to_features();
    talk.client("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>" +
                base64_encode("n,,n=user,r=rOprNGfwEbeRWgbNEkqO") + "</auth>");
    talk.event([](Machine& m, TimePoint now, Actions& out) { m.on_login_refused(now, out); });
    talk.said("<temporary-auth-failure/>");
    talk.client("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>" +
                base64_encode("n,,n=user,r=rOprNGfwEbeRWgbNEkqO") + "</auth>");
    EXPECT_EQ(talk.machine->state(), "looking-up");
    talk.event([](Machine& m, TimePoint now, Actions& out) {
        m.on_verifier(sasl::derive(Digest::sha256, "pencil", "salt", 4096), now, out);
    });
    talk.prove("wrong");
    talk.said("<not-authorized/>");
    talk.wants<LoginFailed>();
    EXPECT_EQ(talk.machine->state(), "offering");
}

TEST(ClientStream, AuthorizesOnlyAsTheUser) {
    for (const auto& [authzid, failure] : {std::pair{"a=other@corp.example", true}, {"a=user@corp.example", false}}) {
        Talk talk{Talk::Fault::none, 0};
        talk.to_features();
        talk.client("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>" +
                    base64_encode("n," + std::string{authzid} + ",n=user,r=x") + "</auth>");
        if (failure) talk.said("<invalid-authzid/>");
        EXPECT_EQ(talk.machine->waiting(), !failure);
    }
}

TEST(ClientStream, BoundsAttemptsToBind) {
    Talk talk{Talk::Fault::none, 0};
    talk.login();
    talk.client(header_bytes);
    for (int i = 0; i < 6; ++i) {
        talk.client("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        talk.event([](Machine& m, TimePoint now, Actions& out) {
            m.on_bind_refused(xmpp::StanzaCondition::resource_constraint, now, out);
        });
        talk.said("<resource-constraint");
    }
    talk.client("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    talk.closes(StreamCondition::policy_violation);
}

}  // namespace
}  // namespace sallyport::c2s
