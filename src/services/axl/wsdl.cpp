// The description of the service, by hand: the two operations that we answer, in the names that clients of the real
// service use.
#include "services/axl/axl_service.h"

namespace sallyport::axl {

namespace {

constexpr std::string_view before = R"(<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
    xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:axl="http://www.cisco.com/AXL/API/14.0"
    xmlns:s0="http://www.cisco.com/AXLAPIService/" name="AXLAPIService"
    targetNamespace="http://www.cisco.com/AXLAPIService/">
  <types>
    <xsd:schema targetNamespace="http://www.cisco.com/AXL/API/14.0" elementFormDefault="unqualified">
      <xsd:complexType name="ExecuteSQLReq">
        <xsd:sequence><xsd:element name="sql" type="xsd:string"/></xsd:sequence>
        <xsd:attribute name="sequence" type="xsd:unsignedLong" use="optional"/>
      </xsd:complexType>
      <xsd:element name="executeSQLQuery" type="axl:ExecuteSQLReq"/>
      <xsd:element name="executeSQLUpdate" type="axl:ExecuteSQLReq"/>
      <xsd:element name="executeSQLQueryResponse">
        <xsd:complexType>
          <xsd:sequence>
            <xsd:element name="return">
              <xsd:complexType>
                <xsd:sequence>
                  <xsd:element name="row" type="xsd:anyType" minOccurs="0" maxOccurs="unbounded"/>
                </xsd:sequence>
              </xsd:complexType>
            </xsd:element>
          </xsd:sequence>
          <xsd:attribute name="sequence" type="xsd:unsignedLong" use="optional"/>
        </xsd:complexType>
      </xsd:element>
      <xsd:element name="executeSQLUpdateResponse">
        <xsd:complexType>
          <xsd:sequence>
            <xsd:element name="return">
              <xsd:complexType>
                <xsd:sequence><xsd:element name="rowsUpdated" type="xsd:integer"/></xsd:sequence>
              </xsd:complexType>
            </xsd:element>
          </xsd:sequence>
          <xsd:attribute name="sequence" type="xsd:unsignedLong" use="optional"/>
        </xsd:complexType>
      </xsd:element>
      <xsd:element name="axlError">
        <xsd:complexType>
          <xsd:sequence>
            <xsd:element name="axlcode" type="xsd:int"/>
            <xsd:element name="axlmessage" type="xsd:string"/>
            <xsd:element name="request" type="xsd:string"/>
          </xsd:sequence>
        </xsd:complexType>
      </xsd:element>
    </xsd:schema>
  </types>
  <message name="executeSQLQueryIn"><part name="axlParams" element="axl:executeSQLQuery"/></message>
  <message name="executeSQLQueryOut"><part name="axlParams" element="axl:executeSQLQueryResponse"/></message>
  <message name="executeSQLUpdateIn"><part name="axlParams" element="axl:executeSQLUpdate"/></message>
  <message name="executeSQLUpdateOut"><part name="axlParams" element="axl:executeSQLUpdateResponse"/></message>
  <message name="AXLError"><part name="fault" element="axl:axlError"/></message>
  <portType name="AXLPort">
    <operation name="executeSQLQuery">
      <input message="s0:executeSQLQueryIn"/>
      <output message="s0:executeSQLQueryOut"/>
      <fault name="fault" message="s0:AXLError"/>
    </operation>
    <operation name="executeSQLUpdate">
      <input message="s0:executeSQLUpdateIn"/>
      <output message="s0:executeSQLUpdateOut"/>
      <fault name="fault" message="s0:AXLError"/>
    </operation>
  </portType>
  <binding name="AXLAPIBinding" type="s0:AXLPort">
    <soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="executeSQLQuery">
      <soap:operation soapAction="CUCM:DB ver=14.0 executeSQLQuery" style="document"/>
      <input><soap:body use="literal"/></input>
      <output><soap:body use="literal"/></output>
      <fault name="fault"><soap:fault name="fault" use="literal"/></fault>
    </operation>
    <operation name="executeSQLUpdate">
      <soap:operation soapAction="CUCM:DB ver=14.0 executeSQLUpdate" style="document"/>
      <input><soap:body use="literal"/></input>
      <output><soap:body use="literal"/></output>
      <fault name="fault"><soap:fault name="fault" use="literal"/></fault>
    </operation>
  </binding>
  <service name="AXLAPIService">
    <port name="AXLPort" binding="s0:AXLAPIBinding">
      <soap:address location="https://)";
constexpr std::string_view after = R"(/axl/"/>
    </port>
  </service>
</definitions>
)";

}  // namespace

std::string wsdl(const std::string& address) { return std::string{before} + address + std::string{after}; }

}  // namespace sallyport::axl
