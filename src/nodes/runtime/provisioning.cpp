// From [ssh] to a running replicator.
#include "nodes/runtime/provisioning.h"

#include "io/loop/random.h"
#include "nodes/runtime/node_parts.h"

namespace sallyport::nodes {

namespace {

/// `address` is that of an io::SshFar, with its port.
std::string source_of(const std::string& address) {
    const auto at = Endpoint::parse(address);
    return at ? log_source(at->address) : address;
}

}  // namespace

Provisioning::Provisioning(Runtime& runtime)
    : runtime_{runtime},
      log_{runtime.lines(), LogModule::settings},
      ssh_{std::make_unique<io::SshNode>(runtime.control())} {
    const config::NodeFile& file = runtime.file();
    services::Replicator::Options options{file.role,          file.node.name, file.realm(),
                                          runtime.instance(), file.node.data, {}};
    for (const config::SshDial& dial : file.ssh.dial) options.fars.push_back(dial.name);
    replicator_ = std::make_unique<services::Replicator>(std::move(options), runtime.settings(), runtime.alarms(),
                                                         runtime.control(), Logger{runtime.log(), LogModule::settings});
}

Result<std::unique_ptr<Provisioning>> Provisioning::make(Runtime& runtime) {
    std::unique_ptr<Provisioning> made;
    if (!runtime.file().replicates()) return made;
    made.reset(new Provisioning{runtime});
    const bool is_edge = runtime.file().role == config::Role::edge;
    if (auto prepared = is_edge ? made->prepare_edge() : made->prepare_core(); !prepared) return prepared.error();
    return made;
}

Result<void> Provisioning::prepare_edge() {
    const config::NodeFile& file = runtime_.file();
    auto host_key = io::load_ssh_private_key(file.ssh.host_key);
    if (!host_key) return host_key.error();
    auto authorized = io::load_authorized_keys(file.ssh.authorized_keys);
    if (!authorized) return authorized.error();
    std::vector<IpNetwork> neighbours;
    for (const auto& core : neighbours_of(file).listed) {
        neighbours.insert(neighbours.end(), core.addresses.begin(), core.addresses.end());
    }
    ssh_->serve(
        {std::move(*host_key), std::move(*authorized), {}, std::move(neighbours)},
        {[this](std::unique_ptr<io::ByteChannel> channel, const io::SshFar& far) {
             log_.write_for(source_of(far.address), LogLevel::info, "ssh.open",
                            {{"far", far.comment},
                             {"address", far.address},
                             {"key", far.key},
                             {"cipher", far.cipher},
                             {"exchange", far.exchange}});
             replicator_->attach(std::move(channel), {"", far.key, far.place, far.address});
         },
         [this](const std::string& address, const std::string& what) {
             log_.write_for(source_of(address), LogLevel::warn, "ssh.refused", {{"address", address}, {"what", what}});
         },
         [this](const std::string& address, const std::string& key) {
             replicator_->turned_away(source_of(address), key);
         }});
    return {};
}

Result<void> Provisioning::prepare_core() {
    std::vector<services::SshTarget> targets;
    for (const config::SshDial& dial : runtime_.file().ssh.dial) {
        auto key = io::load_ssh_private_key(dial.key);
        if (!key) return key.error();
        auto host_key = io::load_ssh_public_key(dial.host_key);
        if (!host_key) return host_key.error();
        targets.push_back({dial.address, dial.name, std::move(*key), std::move(*host_key)});
    }
    dialler_ = std::make_unique<services::SshDialler>(
        services::SshDialler::Parts{runtime_.control(), runtime_.network(), runtime_.resolver(), *ssh_,
                                    runtime_.alarms(), *replicator_, io::random_below, io::SshLimits{}.login_seconds,
                                    log_},
        std::move(targets));
    return {};
}

void Provisioning::start() {
    replicator_->open();
    if (dialler_) dialler_->start();
    for (const Endpoint& at : runtime_.file().ssh.listen) {
        auto listener =
            runtime_.network().listen(at, [this](std::unique_ptr<io::Stream> stream) { accept(std::move(stream)); });
        if (listener) {
            listeners_.push_back(std::move(*listener));
        } else {
            runtime_.alarms().raise(services::AlarmCode::ssh_listen, at.text(), listener.error().text);
        }
    }
}

void Provisioning::accept(std::unique_ptr<io::Stream> stream) {
    const std::string address = stream->remote().text();
    const int descriptor = io::TcpNetwork::release(std::move(stream));
    if (descriptor >= 0) ssh_->accept(descriptor, address);
}

std::vector<ChainStep> Provisioning::chain() const { return replicator_->chain(); }

}  // namespace sallyport::nodes
