// Domains and addresses against the tables of RFC 7622 (security catalogue 4.7) and hostile forms (T41, T65, T66).
#include "proto/xmpp/jid.h"

#include <gtest/gtest.h>

#include <utility>

namespace sallyport::xmpp {
namespace {

std::string canonical(std::string_view text) {
    const auto jid = Jid::parse(text);
    return jid ? jid->text() : "refused";
}

std::string domain(std::string_view text) {
    const auto parsed = Domain::parse(text);
    return parsed ? parsed->text() : parsed.error().code;
}

TEST(DomainParse, RefusesWhatAShellWouldRead) {  // threat T84
    for (const std::string& bad :
         {std::string{"$(id).test"}, std::string{";reboot"}, std::string{"-rf"}, std::string{"a\nb.test"},
          std::string{"a b.test"}, std::string{"`id`"}, std::string{"a|b.test"}, std::string{"a&b"},
          std::string{"../../etc/passwd"}, std::string{"a\0b.test", 8}, std::string{"'a'.test"},
          std::string{"a\"b.test"}, std::string(4096, 'a')}) {
        EXPECT_FALSE(Domain::parse(bad)) << bad;
    }
}

TEST(Jid, AcceptsTheLegalAddressesOfTheRfc) {  // RFC 7622 table 1
    for (const char* legal :
         {"juliet@example.com", "juliet@example.com/foo", "juliet@example.com/foo bar", "juliet@example.com/foo@bar",
          "foo\\20bar@example.com", "fussball@example.com", "fu\u00DFball@example.com", "\u03C0@example.com",
          "\u03C2@example.com/foo", "king@example.com/\u265A", "example.com", "example.com/foobar",
          "a.example.com/b@example.net"}) {
        EXPECT_EQ(canonical(legal), legal);
    }
    EXPECT_EQ(canonical("\u03A3@example.com/foo"), "\u03C3@example.com/foo");
    EXPECT_NE(canonical("\u03C2@example.com/foo"), canonical("\u03C3@example.com/foo"));
}

TEST(Jid, HasOneFormHoweverManyMarksStandOnALetter) {
    const auto marked = [](std::initializer_list<const char*> pieces, int times) {
        std::string out = "q";
        for (const char* piece : pieces) {
            for (int i = 0; i < times; ++i) out += piece;
        }
        return out;
    };
    std::string mixed = "q";
    for (int i = 0; i < 100; ++i) mixed += "\u0301\u0323";
    EXPECT_EQ(canonical(mixed + "@b.test"), marked({"\u0323", "\u0301"}, 100) + "@b.test");
    EXPECT_EQ(canonical("a@b.test/" + mixed), "a@b.test/" + marked({"\u0323", "\u0301"}, 100));
    // With what decomposes, and where marks compose with their letter.
    std::string other = "E";
    for (int i = 0; i < 50; ++i) other += "\u0344\u0327";
    const std::string once = canonical("a@b.test/" + other);
    EXPECT_EQ(canonical(once), once);
    EXPECT_TRUE(once.starts_with("a@b.test/\u0228")) << once;
}

TEST(Domain, IsRefusedForItsLengthBeforeItsRulesAreAsked) {
    std::string dots;
    for (int i = 0; i < 59; ++i) dots += "\u30FB";
    EXPECT_EQ(domain("\u30AB" + dots + ".test"), "domain-long");
    EXPECT_EQ(domain("\u30AB\u30FB.test"), "\u30AB\u30FB.test");
    std::string labels;
    for (int i = 0; i < 130; ++i) labels += "\u30AB.";
    EXPECT_EQ(domain(labels + "test"), "domain-long");
    EXPECT_EQ(domain("\u30AB.xn--" + std::string(60, 'a')), "domain-long");
}

TEST(Jid, RefusesTheIllegalAddressesOfTheRfc) {  // RFC 7622 table 2
    for (const char* illegal : {"\"juliet\"@example.com",
                                "foo bar@example.com",
                                "juliet@example.com/ foo",
                                "@example.com/",
                                "henry\u2163@example.com",
                                "\u265A@example.com",
                                "juliet@",
                                "/foobar",
                                "",
                                "@",
                                "@example.com",
                                "juliet@example.com/",
                                "u@attacker.example@victim.example",
                                "a:b@example.com",
                                "a<b@example.com",
                                "a&b@example.com",
                                "a'b@example.com",
                                "\uFF20@example.com",
                                "u@example.com/\x01",
                                "u@example.com/\xFF",
                                "\xC0\xAF@example.com",
                                "a\u200Db@example.com",
                                "\u05D0a@example.com",
                                "u@example.com/a\u200B"}) {
        EXPECT_EQ(canonical(illegal), "refused") << illegal;
    }
    EXPECT_EQ(canonical(std::string(1024, 'a') + "@example.com"), "refused");
    EXPECT_EQ(canonical("u@example.com/" + std::string(1024, 'a')), "refused");
    EXPECT_NE(canonical(std::string(1023, 'a') + "@example.com/" + std::string(1023, 'a')), "refused");
    EXPECT_EQ(canonical(std::string{"u\0@example.com", 14}), "refused");
}

TEST(Jid, SplitsAtTheSlashBeforeTheAtSign) {  // threat T66
    const auto jid = Jid::parse("attacker.example/u@partner.example");
    ASSERT_TRUE(jid);
    EXPECT_EQ(jid->domain().text(), "attacker.example");
    EXPECT_EQ(jid->local(), "");
    EXPECT_EQ(jid->resource(), "u@partner.example");
}

TEST(Jid, BecomesCanonical) {
    EXPECT_EQ(canonical("Juliet@EXAMPLE.com./Balcony"), "juliet@example.com/Balcony");
    EXPECT_EQ(canonical("\uFF2A\uFF2C@example.com"), "jl@example.com");
    EXPECT_EQ(canonical("e\u0301@example.com/e\u0301"), "\u00E9@example.com/\u00E9");
    EXPECT_EQ(canonical("u@example.com/a\u00A0b"), "u@example.com/a b");
    EXPECT_EQ(canonical("\u0130@example.com"), "i\u0307@example.com");
    EXPECT_EQ(canonical("\u05D0\u05D1@example.com"), "\u05D0\u05D1@example.com");
}

TEST(Domain, HasOneCanonicalForm) {  // threat T65
    for (const char* same : {"b\u00FCcher.example", "xn--bcher-kva.example", "XN--BCHER-KVA.example",
                             "B\u00DCCHER.example", "bu\u0308cher.example", "b\u00FCcher\u3002example",
                             "b\u00FCcher.example.", "b\u00FCcher\uFF0Eexample", "b\u00FCcher\uFF61example"}) {
        EXPECT_EQ(domain(same), "b\u00FCcher.example") << same;
    }
    EXPECT_NE(domain("strasse.example"), domain("stra\u00DFe.example"));
    EXPECT_NE(domain("\u0440artner.example"), domain("partner.example"));
    EXPECT_EQ(domain("Partner.EXAMPLE."), "partner.example");
    EXPECT_EQ(domain("localhost"), "localhost");
}

TEST(Domain, EncodesLabelsForDns) {  // security catalogue 4.7
    const std::pair<const char*, const char*> labels[] = {
        {"b\u00FCcher", "xn--bcher-kva"},
        {"m\u00FCnchen", "xn--mnchen-3ya"},
        {"stra\u00DFe", "xn--strae-oqa"},
        {"fa\u00DF", "xn--fa-hia"},
        {"\u03C0\u03B1\u03C1\u03AC\u03B4\u03B5\u03B9\u03B3\u03BC\u03B1.\u03B4\u03BF\u03BA\u03B9\u03BC\u03AE",
         "xn--hxajbheg2az3al.xn--jxalpdlp"},
        {"\u4F8B\u3048.\u30C6\u30B9\u30C8", "xn--r8jz45g.xn--zckzah"},
        {"\u043A\u043E\u043D\u0444\u0435\u0440\u0435\u043D\u0446\u0438\u044F.\u043F\u0440\u0438\u043C\u0435\u0440",
         "xn--e1aajfpcds8ay4h.xn--e1afmkfd"},
        {"partner.example", "partner.example"},
    };
    for (const auto& [unicode, ascii] : labels) {
        const auto from_unicode = Domain::parse(unicode);
        const auto from_ascii = Domain::parse(ascii);
        ASSERT_TRUE(from_unicode && from_ascii) << unicode;
        EXPECT_EQ(from_unicode->ascii(), ascii);
        EXPECT_EQ(from_ascii->text(), unicode);
        EXPECT_EQ(*from_unicode, *from_ascii);
    }
}

TEST(Domain, RefusesWhatIsNoHostName) {
    EXPECT_EQ(domain(""), "domain-empty");
    EXPECT_EQ(domain("."), "domain-empty");
    for (const char* bad : {"a..b",
                            ".a",
                            "a..",
                            "-a.example",
                            "a-.example",
                            "a_b.example",
                            "a b",
                            "not a domain!",
                            "u@corp.example",
                            "corp.example/r",
                            "a\xFF",
                            "xn--",
                            "xn--a",
                            "xn--abc-.example",
                            "xn--ls8h.example",
                            "*.example",
                            "\u265A.example",
                            "\u00FC..example",
                            "\u3002",
                            ".\u00FC",
                            "1.2.3",
                            "999.1.1.1",
                            "1.2.3.4.5",
                            "[::1",
                            "[192.0.2.1]",
                            "2001:db8::1",
                            "[x]"}) {
        EXPECT_EQ(domain(bad), "domain-malformed") << bad;
    }
    EXPECT_EQ(domain(std::string{"a\0.example", 10}), "domain-malformed");
    EXPECT_EQ(domain(std::string(64, 'a') + ".example"), "domain-long");
    std::string name;
    while (name.size() < 250) name += "abcdefg.";
    EXPECT_EQ(domain(name + "abcdef"), "domain-long");
    EXPECT_EQ(domain(std::string(2000, 'a')), "domain-long");
}

TEST(Domain, TakesIpLiterals) {
    EXPECT_EQ(domain("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(domain("[2001:DB8:0::1]"), "[2001:db8::1]");
    EXPECT_TRUE(Domain::parse("192.0.2.1")->is_address());
    EXPECT_TRUE(Domain::parse("[::1]")->is_address());
    EXPECT_FALSE(Domain::parse("1and1.example")->is_address());
}

TEST(Domain, LiesBelowItselfAndParentsAtDotBoundaries) {
    const Domain parent = *Domain::parse("partner.example");
    EXPECT_TRUE(parent.is_below(parent));
    EXPECT_TRUE(Domain::parse("chat.partner.example")->is_below(parent));
    EXPECT_FALSE(Domain::parse("evilpartner.example")->is_below(parent));
    EXPECT_FALSE(Domain::parse("example")->is_below(parent));
    EXPECT_FALSE(parent.is_below(Domain{}));
}

TEST(SplitCanonical, AgreesWithParse) {
    for (const char* address :
         {"juliet@example.com", "example.com/x y", "a.example.com/b@example.net", "u@localhost/r"}) {
        std::string_view found;
        ASSERT_TRUE(split_canonical(address, found)) << address;
        const auto jid = Jid::parse(address);
        ASSERT_TRUE(jid);
        EXPECT_EQ(jid->text(), address);
        EXPECT_EQ(jid->domain().text(), found);
    }
    for (const char* other :
         {"Juliet@example.com", "u@Example.com", "u@example.com.", "u@xn--bcher-kva.example", "", "u@", "@example.com",
          "u@example.com/", "u@example.com/ x", "u@example.com/&amp;", "u@192.0.2.1", "u@example..com", "u@-a.example",
          "\u03C0@example.com", "u@a_b", "a\tb@example.com"}) {
        std::string_view found;
        EXPECT_FALSE(split_canonical(other, found)) << other;
    }
}

}  // namespace
}  // namespace sallyport::xmpp
