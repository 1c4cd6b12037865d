// One list out of what the file says and what was heard.
#include "admin/api/desk_nodes.h"

#include <algorithm>
#include <utility>

#include "admin/judge/judges.h"

namespace sallyport::admin {

namespace {

bool is_linked_to(const NodeStatus& status, const std::string& name) {
    return std::any_of(status.links.begin(), status.links.end(), [realm = realm_of(name)](const auto& link) {
        return link.far_realm == realm && link.state == link::LinkState::open;
    });
}

link::NodeFinding told(bool is_error, std::string text, std::string remedy, diag::FromRows rows) {
    return {is_error,
            std::move(text),
            std::move(remedy),
            std::move(rows.code),
            std::move(rows.remedy_code),
            std::move(rows.values)};
}

/// What the judges that need so much say beside the alarms that they raise.
void add_judged(const Facts& facts, Depth needs, std::vector<link::NodeFinding>& all) {
    for (const JudgeRow& row : judges()) {
        if (row.needs != needs) continue;
        for (Finding& finding : row.judge(facts)) {
            if (finding.alarm || finding.grade < diag::Grade::warning) continue;
            all.push_back(told(finding.grade == diag::Grade::bad, std::move(finding.text), std::move(finding.remedy),
                               std::move(finding.rows)));
        }
    }
}

/// What is on the alarm board, and what the judges say beside it; `slow` is that of those who need more than `facts`.
/// Alarms of other nodes are on those nodes' own cards.
std::vector<link::NodeFinding> findings_of(const Facts& facts, const std::vector<link::NodeFinding>& slow) {
    std::vector<link::NodeFinding> all;
    for (const services::Alarm& alarm : facts.status.alarms) {
        if (alarm.code == services::AlarmCode::far_alarm) continue;
        all.push_back(
            told(alarm.severity() == services::AlarmSeverity::error, alarm.sentence(), alarm.cure(), rows_of(alarm)));
    }
    add_judged(facts, Depth::brief, all);
    all.insert(all.end(), slow.begin(), slow.end());
    std::stable_partition(all.begin(), all.end(), [](const link::NodeFinding& finding) { return finding.is_error; });
    return all;
}

}  // namespace

DeskNodes::DeskNodes(NodeControl& node, std::string version, Tell tell)
    : node_{node},
      version_{std::move(version)},
      tell_{std::move(tell)},
      timer_{node.loop().timer([this] { look(); })},
      self_{std::make_shared<DeskNodes*>(this)} {
    timer_->arm(node_.loop().now());
}

DeskNodes::~DeskNodes() { *self_ = nullptr; }

void DeskNodes::look() {
    timer_->arm(node_.loop().now() + interval);
    if (std::exchange(looking_, true)) return;
    const TimePoint now = node_.loop().now();
    const Depth depth = now >= whole_at_ ? Depth::whole : Depth::brief;
    if (depth == Depth::whole) whole_at_ = now + whole_every;
    const auto on_status = [weak = std::weak_ptr{self_}, depth](const NodeStatus& status) {
        const auto self = weak.lock();
        if (self && *self != nullptr) (*self)->looked(status, depth);
    };
    depth == Depth::whole ? node_.status(on_status) : node_.brief_status(on_status);
}

void DeskNodes::looked(const NodeStatus& status, Depth depth) {
    looking_ = false;
    if (depth == Depth::whole) {
        const config::Snapshot settings = node_.settings().snapshot();
        slow_.clear();
        add_judged({status, node_.file(), *settings, node_.loop().wall()}, Depth::whole, slow_);
    }
    tell(status);
}

link::NodeNews DeskNodes::own(const NodeStatus& status) const {
    const config::Snapshot settings = node_.settings().snapshot();
    link::NodeNews news;
    news.name = node_.file().node.name;
    news.role = node_.file().role;
    news.version = version_;
    news.findings = findings_of({status, node_.file(), *settings, node_.loop().wall()}, slow_);
    if (news.findings.size() > link::NodeNews::most_findings) {
        news.more = news.findings.size() - link::NodeNews::most_findings;
        news.findings.resize(link::NodeNews::most_findings);
    }
    return news;
}

/// A core passes on what it has heard of others, and where their pages are, for it is the one that each of them listens
/// to. What an edge or a presence node hears goes no further.
void DeskNodes::tell(const NodeStatus& status) {
    std::vector<link::NodeNews> all{own(status)};
    if (node_.file().role == Role::core) {
        for (const DeskNode& other : list(status)) {
            if (other.is_self) continue;
            all.push_back(
                {other.name, other.role, other.version, other.pages, other.is_linked, other.more, other.findings});
        }
    }
    const TimePoint now = node_.loop().now();
    const bool again = now >= told_all_at_ + again_every;
    if (again) told_all_at_ = now;
    tell_(std::move(all), again);
}

/// Of a core: those that its file names. Elsewhere it is the core that says who there is.
bool DeskNodes::may_be_known(const std::string& name) const {
    if (name == node_.file().node.name) return false;
    if (heard_.contains(name)) return true;
    return heard_.size() < most && (node_.file().role != Role::core || named().contains(name));
}

bool DeskNodes::is_of_now(const Heard& heard) const { return node_.loop().now() - heard.at < of_now; }

void DeskNodes::forget_silent() {
    const auto in_file = named();
    std::erase_if(heard_,
                  [&](const auto& entry) { return !is_of_now(entry.second) && !in_file.contains(entry.first); });
}

void DeskNodes::heard(const link::NodeNews& news) {
    if (!heard_.contains(news.name)) forget_silent();
    if (may_be_known(news.name)) heard_[news.name] = {news, node_.loop().now()};
}

std::map<std::string, DeskNode> DeskNodes::named() const {
    std::map<std::string, DeskNode> all;
    for (const config::LinkDial& dial : node_.file().link.dial) {
        DeskNode& node = all[dial.name];
        node.name = dial.name;
        node.role = dial.role;
    }
    for (const config::LinkAccept& accept : node_.file().link.accept) {
        DeskNode& node = all[accept.name];
        node.name = accept.name;
        node.role = Role::core;
    }
    for (const config::AdminNode& entry : node_.file().admin.nodes) {
        DeskNode& node = all[entry.name];
        node.name = entry.name;
        node.role = entry.role;
        node.pages = entry.origin;
        node.hands_over = node_.file().admin.handover;
    }
    return all;
}

std::vector<DeskNode> DeskNodes::list(const NodeStatus& status) const {
    std::map<std::string, DeskNode> others = named();
    const bool is_core = node_.file().role == Role::core;
    // Whoever speaks for others speaks of now as long as he can be heard.
    const bool hears_core = std::any_of(status.links.begin(), status.links.end(), [](const auto& link) {
        return link.far_role == Role::core && link.state == link::LinkState::open;
    });
    for (const auto& [name, heard] : heard_) {
        const bool speaks = is_of_now(heard);
        if (!speaks && !others.contains(name)) continue;
        const link::NodeNews& news = heard.news;
        DeskNode& node = others[name];
        node.name = name;
        node.role = news.role;
        // Where pages are this node's file knows best, and only what it names is handed anybody over to.
        if (node.pages.empty()) node.pages = news.origin;
        node.is_linked = is_core || is_linked_to(status, name) ? is_linked_to(status, name) : hears_core && news.linked;
        // What it said long ago is shown to nobody, and passed on to nobody.
        if (!speaks) continue;
        node.is_heard = !news.version.empty();
        node.version = news.version;
        node.more = news.more;
        node.findings = news.findings;
    }
    for (auto& [name, node] : others) {
        if (!heard_.contains(name)) node.is_linked = is_linked_to(status, name);
    }
    others.erase(node_.file().node.name);
    const link::NodeNews news = own(status);
    DeskNode self;
    self.name = news.name;
    self.role = news.role;
    self.is_self = self.is_heard = self.is_linked = true;
    self.version = news.version;
    self.more = news.more;
    self.findings = news.findings;
    std::vector<DeskNode> all{std::move(self)};
    for (auto& [name, node] : others) all.push_back(std::move(node));
    std::stable_sort(all.begin() + 1, all.end(),
                     [](const DeskNode& one, const DeskNode& other) { return one.role < other.role; });
    return all;
}

}  // namespace sallyport::admin
