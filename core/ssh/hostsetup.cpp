#include "core/ssh/hostsetup.h"

#include "core/ssh/sshfailure.h"
#include "core/ssh/sshprogram.h"

#include <QFile>
#include <QVersionNumber>

#include <algorithm>
#include <memory>
#include <utility>

namespace farcell {

namespace {

constexpr int maxRepairs = 3;
constexpr qint64 spareBytes = 8 << 20; // what the server writes at first

} // namespace

std::optional<Error> problemOf(const SshTarget &target, const RemoteRun &run, const char *wanted)
{
    if (run.has(QLatin1String(wanted)))
        return std::nullopt;
    if (run.has(QStringLiteral("error")))
        return remoteError(target, run.value(QStringLiteral("error")),
                           run.value(QStringLiteral("detail")));
    if (run.has(QStringLiteral("begin")) || run.wasCut())
        return Error{ErrorCode::Unavailable,
                     HostSetup::tr("The connection to %1 broke off").arg(target.text()),
                     run.otherOutput()};
    const QString said = run.otherOutput().section(u'\n', -1).trimmed().left(200);
    return Error{
        ErrorCode::Denied,
        said.isEmpty()
            ? HostSetup::tr("%1 lets you in but runs no commands for you").arg(target.text())
            : HostSetup::tr("%1 lets you in but runs no commands for you: %2")
                  .arg(target.text(), said),
        run.otherOutput()};
}

HostSetup::HostSetup(SshTarget target, SshMaster &master, ServerBundle bundle, bool usesInstalled,
                     QObject *parent)
    : QObject(parent)
    , m_target(std::move(target))
    , m_master(master)
    , m_bundle(std::move(bundle))
    , m_usesInstalled(usesInstalled)
{}

void HostSetup::begin()
{
    look();
}

void HostSetup::look()
{
    emit stepChanged(Step::Checking);
    RemoteRun *const run =
        m_master.run(QStringLiteral("look"), {{QStringLiteral("id"), m_bundle.id},
                                              {QStringLiteral("pack"), m_bundle.packSum},
                                              {QStringLiteral("own_sum"), m_bundle.programSum}});
    connect(run, &RemoteRun::done, this, [this, run] { useLook(*run); });
}

void HostSetup::useLook(const RemoteRun &run)
{
    if (const auto problem = problemOf(m_target, run, "node"))
        return emit failed(*problem);
    const auto theirs = QVersionNumber::fromString(run.value(QStringLiteral("server_version")));
    const auto ours = QVersionNumber::fromString(m_bundle.version);
    // A newer server speaks our protocol too; an older one is replaced, and its kernels go on.
    if (run.value(QStringLiteral("server_id")) == m_bundle.id || theirs > ours)
        return attach(run);
    if (const auto fit = checkHost(run); !fit)
        return emit failed(fit.error());
    if (run.has(QStringLiteral("installed")))
        return start({});
    if (m_usesInstalled && run.has(QStringLiteral("program")))
        return start(run.value(QStringLiteral("program")));
    copyFrom(run);
}

// Goes on with what an earlier try left there, if the disk has room for it all.
void HostSetup::copyFrom(const RemoteRun &look)
{
    qint64 offset = 0;
    QString part;
    for (const QString &leftover : look.values(QStringLiteral("partial"))) {
        if (const qint64 size = leftover.section(u' ', 0, 0).toLongLong();
            size > offset && size <= m_bundle.packBytes) {
            offset = size;
            part = leftover.section(u' ', 1);
        }
    }
    const qint64 needed = m_bundle.packBytes - offset + m_bundle.unpackedBytes + spareBytes;
    bool isKnown = false;
    const qint64 free = look.value(QStringLiteral("free_kib")).toLongLong(&isKnown) * 1024;
    if (isKnown && free < needed)
        return emit failed(
            {ErrorCode::TooLarge,
             tr("The disk that holds your home folder on %1 is full: %2 MB are needed, "
                "%3 MB are free")
                 .arg(m_target.text())
                 .arg(needed / 1000000 + 1)
                 .arg(free / 1000000),
             {}});
    copy(part, offset);
}

// Whether our server can run there and has something to run.
Result<> HostSetup::checkHost(const RemoteRun &run) const
{
    const QString host = m_target.text();
    const QString system = run.value(QStringLiteral("system"));
    const QString machine = run.value(QStringLiteral("machine"));
    if (system != QLatin1String("Linux"))
        return fail(ErrorCode::Unavailable,
                    tr("%1 runs %2, and the server of this app runs on Linux only")
                        .arg(host, system.isEmpty() ? tr("an unknown system") : system));
    if (machine != m_bundle.machine)
        return fail(ErrorCode::Unavailable,
                    tr("%1 is a machine of another kind (%2) than the server of this app is for "
                       "(%3)")
                        .arg(host, machine, m_bundle.machine));
    if (auto fit = checkGlibc(m_target, run.value(QStringLiteral("glibc")), m_bundle.glibc); !fit)
        return fit;
    if (const QString tool = run.value(QStringLiteral("missing")); !tool.isEmpty())
        return fail(
            ErrorCode::NotFound,
            tr("%1 lacks the program “%2”, which unpacking the server needs").arg(host, tool));
    if (run.has(QStringLiteral("ipykernel")) || run.has(QStringLiteral("kernelspec")))
        return {};
    if (!run.has(QStringLiteral("python")))
        return fail(ErrorCode::NotFound,
                    tr("There is no Python on %1, and no other kernel for notebooks").arg(host));
    return fail(ErrorCode::NotFound,
                tr("Python %1 on %2 has no ipykernel; install it there with “python3 -m pip "
                   "install --user ipykernel”")
                    .arg(run.value(QStringLiteral("python")), host));
}

void HostSetup::copy(const QString &part, qint64 offset)
{
    auto pack = std::make_unique<QFile>(m_bundle.packFile);
    if (!pack->open(QIODevice::ReadOnly) || !pack->seek(offset))
        return emit failed({ErrorCode::Internal, tr("%1 cannot be read").arg(m_bundle.packFile),
                            pack->errorString()});
    emit stepChanged(Step::Copying);
    emit progressChanged(offset, m_bundle.packBytes);
    RemoteRun *const run =
        m_master.run(QStringLiteral("install"),
                     {{QStringLiteral("id"), m_bundle.id},
                      {QStringLiteral("pack"), m_bundle.packSum},
                      {QStringLiteral("part"), part},
                      {QStringLiteral("offset"), QString::number(offset)},
                      {QStringLiteral("total"), QString::number(m_bundle.packBytes)},
                      {QStringLiteral("version"), m_bundle.said}},
                     std::move(pack));
    connect(run, &RemoteRun::streamed, this, [this, offset](qint64 bytes) {
        emit progressChanged(std::min(offset + bytes, m_bundle.packBytes), m_bundle.packBytes);
    });
    connect(run, &RemoteRun::done, this, [this, run] {
        // Somebody else took the leftover, or it was damaged: look again and send it anew.
        const QString error = run->value(QStringLiteral("error"));
        if ((error == QLatin1String("moved") || error == QLatin1String("damaged")) &&
            ++m_repairs < maxRepairs)
            return look();
        if (const auto problem = problemOf(m_target, *run, "installed"))
            return emit failed(*problem);
        start({});
    });
}

void HostSetup::start(const QString &program)
{
    emit stepChanged(Step::Starting);
    RemoteRun *const run =
        m_master.run(QStringLiteral("start"), {{QStringLiteral("id"), m_bundle.id},
                                               {QStringLiteral("program"), program},
                                               {QStringLiteral("version"), m_bundle.version},
                                               {QStringLiteral("replace"), QStringLiteral("yes")}});
    connect(run, &RemoteRun::done, this, [this, run] {
        if (run->value(QStringLiteral("error")) == QLatin1String("damaged") &&
            ++m_repairs < maxRepairs)
            return look(); // start.sh has removed the damaged copy
        if (const auto problem = problemOf(m_target, *run, "token"))
            return emit failed(*problem);
        attach(*run);
    });
}

void HostSetup::attach(const RemoteRun &run)
{
    const HostServer server{run.value(QStringLiteral("socket")),
                            run.value(QStringLiteral("token"))};
    if (server.token.isEmpty() || server.socket.isEmpty())
        return emit failed({ErrorCode::Denied,
                            tr("The token of the server on %1 cannot be read").arg(m_target.text()),
                            {}});
    emit finished(server);
}

void lookForKernels(const SshTarget &target, SshMaster &master,
                    std::function<void(const Result<QStringList> &)> done)
{
    RemoteRun *const run = master.run(QStringLiteral("look"), {});
    QObject::connect(run, &RemoteRun::done, run, [run, target, done = std::move(done)] {
        if (const auto problem = problemOf(target, *run, "node"))
            done(tl::unexpected(*problem));
        else
            done(run->values(QStringLiteral("kernel")));
    });
}

void forgetHost(const SshTarget &target, SshMaster &master,
                std::function<void(const Result<> &)> done)
{
    RemoteRun *const run = master.run(QStringLiteral("forget"), {});
    QObject::connect(run, &RemoteRun::done, run, [run, target, done = std::move(done)] {
        if (const auto problem = problemOf(target, *run, "forgotten"))
            done(tl::unexpected(*problem));
        else
            done({});
    });
}

} // namespace farcell
