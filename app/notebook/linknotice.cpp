#include "app/notebook/linknotice.h"

#include "app/notebook/infobar.h"
#include "app/notebook/kernellink.h"
#include "app/notebook/runtimehub.h"
#include "core/client/linkstate.h"

#include <QLocale>

#include <algorithm>
#include <chrono>

namespace farcell {

using namespace std::chrono_literals;

namespace {

const auto key = QStringLiteral("link");

bool isDown(LinkState::Phase phase)
{
    return phase == LinkState::Phase::Reconnecting || phase == LinkState::Phase::Offline;
}

} // namespace

LinkNotice::LinkNotice(KernelLink &kernel, InfoBar &info, QObject *parent)
    : QObject(parent)
    , m_kernel(kernel)
    , m_info(info)
{
    m_tick.setInterval(500ms);
    m_patience.setSingleShot(true);
    m_patience.setInterval(1s);
    connect(&m_tick, &QTimer::timeout, this, &LinkNotice::update);
    connect(&m_patience, &QTimer::timeout, this, &LinkNotice::update);
    connect(&kernel, &KernelLink::linkChanged, this, &LinkNotice::update);
    connect(&info, &InfoBar::messageClosed, this,
            [this](const QString &closed) { m_dismissed = m_dismissed || closed == key; });
}

void LinkNotice::update()
{
    const LinkState state = m_kernel.linkState();
    if (!isDown(state.phase)) {
        m_tick.stop();
        m_patience.stop();
        m_dismissed = false;
        m_shownPhase = -1;
        m_info.hideMessage(key);
        return;
    }
    if (!m_tick.isActive()) {
        m_tick.start();
        m_patience.start();
    }
    if (m_dismissed || (m_patience.isActive() && state.phase != LinkState::Phase::Offline))
        return;
    const QString where = m_kernel.runtime() ? m_kernel.runtime()->name() : QString();
    const QString text = sentence(state, where, QDateTime::currentDateTimeUtc());
    if (m_shownPhase != int(state.phase)) {
        m_shownPhase = int(state.phase);
        m_info.showMessage(key, InfoBar::Kind::Warning, text,
                           {{tr("Try now"), [this] { m_kernel.reconnectNow(); }, false}});
    }
    m_info.changeText(key, text);
    m_info.changeChoice(key, 0, tr("Try now"), state.nextTryAt.isValid());
}

QString LinkNotice::clock(const QDateTime &utc, const QDateTime &now)
{
    const QDateTime local = utc.toLocalTime();
    QString time = local.toString(QStringLiteral("HH:mm"));
    if (local.date() == now.toLocalTime().date())
        return time;
    return tr("%1, %2", "day, time")
        .arg(QLocale().toString(local.date(), QLocale::ShortFormat), time);
}

QString LinkNotice::sentence(const LinkState &state, const QString &where, const QDateTime &now)
{
    if (!isDown(state.phase))
        return {};
    QString next = tr("Trying now.");
    if (state.nextTryAt.isValid()) {
        const qint64 seconds = std::max<qint64>((now.msecsTo(state.nextTryAt) + 999) / 1000, 0);
        next = tr("Next try in %1 s.").arg(seconds);
    }
    const QString since = clock(state.since.isValid() ? state.since : now, now);
    if (state.phase == LinkState::Phase::Offline)
        return tr("Offline since %1: %2 does not answer. Your edits are safe, and the run goes on "
                  "there. %3")
            .arg(since, where, next);
    return tr("Reconnecting to %1 since %2. %3").arg(where, since, next);
}

} // namespace farcell
