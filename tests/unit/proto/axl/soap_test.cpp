// AXL envelopes in both directions, and what a hostile one gets.
#include "proto/axl/soap.h"

#include <gtest/gtest.h>

namespace sallyport::axl {
namespace {

constexpr std::string_view from_zeep =
    "<?xml version='1.0' encoding='utf-8'?>\n"
    "<soap-env:Envelope xmlns:soap-env=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap-env:Body>"
    "<ns0:executeSQLQuery xmlns:ns0=\"http://www.cisco.com/AXL/API/14.0\"><sql>select * from xmpps2snodes</sql>"
    "</ns0:executeSQLQuery></soap-env:Body></soap-env:Envelope>";

std::string enveloped(std::string_view body) {
    return "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' "
           "xmlns:a='http://www.cisco.com/AXL/API/14.0'>"
           "<e:Body>" +
           std::string{body} + "</e:Body></e:Envelope>";
}

TEST(Soap, ReadsRequestsOfCommonClients) {
    EXPECT_EQ(*read_request(from_zeep), (Request{Operation::query, "14.0", "select * from xmpps2snodes"}));
    const auto update = read_request(
        enveloped("\n <a:executeSQLUpdate sequence='1'><a:sql>delete &lt;&#39;</a:sql></a:executeSQLUpdate>\n"));
    ASSERT_TRUE(update) << update.error().text;
    EXPECT_EQ(*update, (Request{Operation::update, "14.0", "delete <'"}));
}

TEST(Soap, ReadsWhatItWrites) {
    for (const Request& request : {Request{Operation::query, "14.0", "select * from xmpps2snodes"},
                                   Request{Operation::update, "12.5", "a <b> & 'c' \"d\"\n\xC3\xA4"}}) {
        EXPECT_EQ(*read_request(write_request(request)), request);
        EXPECT_EQ(read_soap_action(write_soap_action(request))->version, request.version);
    }
    const Request query{Operation::query, "14.0", "x"};
    const Request update{Operation::update, "14.0", "x"};
    const Answer rows = Rows{{{{"pkid", "1"}, {"cp_id", "a<b"}}, {{"pkid", ""}, {"cp_id", "c"}}}};
    EXPECT_EQ(*read_answer(write_answer(rows, query)), rows);
    EXPECT_EQ(*read_answer(write_answer(Rows{}, query)), Answer{Rows{}});
    EXPECT_EQ(*read_answer(write_answer(Updated{3}, update)), Answer{Updated{3}});
    const Answer fault = Fault{"not <that>", 5007, "executeSQLUpdate"};
    EXPECT_EQ(*read_answer(write_answer(fault, update)), fault);
}

TEST(Soap, DescribesAnswersForTheLog) {
    EXPECT_EQ(described(Answer{Rows{}}), "0 rows");
    EXPECT_EQ(described(Answer{Rows{{{{"pkid", "1"}, {"cp_id", "a"}}, {{"pkid", "2"}, {"cp_id", "b"}}}}}),
              "2 rows: pkid=1, cp_id=a; pkid=2, cp_id=b");
    EXPECT_EQ(described(Answer{Rows{std::vector<Row>(50, {{"cp_id", "a"}})}}).size(), 7U + 20 * 9 + 5) << "not all";
    EXPECT_EQ(described(Answer{Updated{1}}), "1 row updated");
    EXPECT_EQ(described(Answer{Fault{"not that", -1, ""}}), "fault: not that");
}

TEST(Soap, AnswersLookAsClientsKnowThem) {
    const Request query{Operation::query, "14.0", {}};
    EXPECT_EQ(write_answer(Rows{}, query),
              "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope "
              "xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\"><soapenv:Body><ns:executeSQLQueryResponse "
              "xmlns:ns=\"http://www.cisco.com/AXL/API/14.0\"><return/></ns:executeSQLQueryResponse></soapenv:Body>"
              "</soapenv:Envelope>");
    const std::string one = write_answer(Rows{{{{"cp_id", "a"}}}}, query);
    EXPECT_NE(one.find("<return><row><cp_id>a</cp_id></row></return>"), std::string::npos) << one;
    const std::string fault = write_answer(Fault{"no", -1, "executeSQLQuery"}, query);
    EXPECT_NE(fault.find("<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>no</faultstring><detail>"
                         "<axlError><axlcode>-1</axlcode><axlmessage>no</axlmessage><request>executeSQLQuery</request>"
                         "</axlError></detail></soapenv:Fault>"),
              std::string::npos)
        << fault;
}

TEST(Soap, FaultsOfNewerReleasesAreNamespaced) {
    const auto fault = read_answer(enveloped(
        "<e:Fault><faultcode>e:Server</faultcode><faultstring>x</faultstring><detail>"
        "<a:axlError><axlcode>5003</axlcode><axlmessage>no privilege</axlmessage></a:axlError></detail></e:Fault>"));
    ASSERT_TRUE(fault) << fault.error().text;
    EXPECT_EQ(*fault, Answer(Fault{"no privilege", 5003, {}}));
}

TEST(Soap, TextThatXmlCannotCarryIsReplaced) {
    const std::string written = write_answer(Fault{std::string{"a\x01\xFF\0z", 5}, -1, {}}, Request{});
    const auto fault = read_answer(written);
    ASSERT_TRUE(fault) << written;
    EXPECT_EQ(std::get<Fault>(*fault).text, "a???z");
}

TEST(Soap, RefusesWhatIsNoRequest) {
    const std::string_view malformed[] = {
        "",
        "x",
        "<a/>",
        "<Envelope><Body/></Envelope>",
        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body/></e:Envelope>",
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'/>",
        "<!DOCTYPE e [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
        "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>&x;</e:Body></e:Envelope>",
        "<?xml version='1.0' encoding='utf-16'?><a/>",
    };
    for (const std::string_view body : malformed) {
        const auto request = read_request(body);
        ASSERT_FALSE(request) << body;
        EXPECT_EQ(request.error().code, "axl-malformed") << body;
    }
    const std::pair<std::string_view, std::string_view> others[] = {
        {"", "axl-malformed"},
        {"text", "axl-malformed"},
        {"<a:executeSQLQuery/>", "axl-malformed"},
        {"<a:executeSQLQuery><sql><b/></sql></a:executeSQLQuery>", "axl-malformed"},
        {"<a:executeSQLQuery><sql>&x;</sql></a:executeSQLQuery>", "axl-malformed"},
        {"<a:executeSQLQuery><sql>x</sql></a:executeSQLQuery><a:executeSQLQuery><sql>x</sql></a:executeSQLQuery>",
         "axl-malformed"},
        {"<executeSQLQuery><sql>x</sql></executeSQLQuery>", "axl-malformed"},
        {"<executeSQLQuery xmlns='http://www.cisco.com/AXL/API/7.0'><sql>x</sql></executeSQLQuery>", "axl-version"},
        {"<a:listPhone/>", "axl-operation"},
    };
    for (const auto& [body, code] : others) {
        const auto request = read_request(enveloped(body));
        ASSERT_FALSE(request) << body;
        EXPECT_EQ(request.error().code, code) << body << ": " << request.error().text;
    }
    EXPECT_FALSE(
        read_request("<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/' "
                     "xmlns:a='http://www.cisco.com/AXL/API/14.0'><e:Header><x e:mustUnderstand='1'/></e:Header>"
                     "<e:Body><a:executeSQLQuery><sql>x</sql></a:executeSQLQuery></e:Body></e:Envelope>"));
    EXPECT_FALSE(
        read_request(enveloped("<a:executeSQLQuery><sql>" + std::string(40000, 'x') + "</sql></a:executeSQLQuery>")));
    std::string deep;
    for (int i = 0; i < 5000; ++i) deep += "<x>";
    EXPECT_FALSE(read_request(enveloped(deep)));
}

TEST(Soap, ReadsSoapActions) {
    EXPECT_EQ(read_soap_action("\"CUCM:DB ver=14.0 executeSQLQuery\"")->operation, "executeSQLQuery");
    EXPECT_EQ(read_soap_action("CUCM:DB ver=12.5")->version, "12.5");
    EXPECT_EQ(read_soap_action("")->version, "8.5") << "the oldest, when none is said";
    EXPECT_EQ(read_soap_action("\"CUCM:DB ver=99.0 executeSQLQuery\"").error().code, "axl-version");
    EXPECT_EQ(read_soap_action("\"urn:other\"").error().code, "axl-malformed");
    EXPECT_FALSE(read_soap_action(std::string(300, 'x')));
}

TEST(Soap, RefusesAnswersThatAreNone) {
    for (const std::string_view body :
         {"<a:executeSQLQueryResponse/>", "<a:executeSQLUpdateResponse><return/></a:executeSQLUpdateResponse>",
          "<a:executeSQLUpdateResponse><return><rowsUpdated>-1</rowsUpdated></return></a:executeSQLUpdateResponse>",
          "<a:listPhoneResponse><return/></a:listPhoneResponse>", "<return/>"}) {
        const auto answer = read_answer(enveloped(body));
        ASSERT_FALSE(answer) << body;
        EXPECT_EQ(answer.error().code, "axl-malformed");
    }
}

}  // namespace
}  // namespace sallyport::axl
