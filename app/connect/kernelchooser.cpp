#include "app/connect/kernelchooser.h"

#include "app/connect/servercard.h"

#include <QKeyEvent>
#include <QPushButton>
#include <QScreen>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

constexpr int popupWidth = 340;
constexpr int tallestList = 420;

} // namespace

KernelChooser::KernelChooser(ThemeSource &theme, const Endpoint &endpoint, QString wanted,
                             KernelId current, QWidget *parent)
    : QFrame(parent, Qt::Popup)
    , m_wanted(std::move(wanted))
    , m_current(std::move(current))
    , m_card(new ServerCard(theme, this))
    , m_list(new KernelList(theme, this))
{
    setObjectName(QStringLiteral("popup"));
    setAttribute(Qt::WA_DeleteOnClose);
    setFixedWidth(popupWidth);
    auto *const other = new QPushButton(tr("Connect to another runtime…"), this);
    other->setProperty("kind", QStringLiteral("quiet"));

    auto *const column = new QVBoxLayout(this);
    column->setContentsMargins(8, 8, 8, 8);
    column->setSpacing(8);
    column->addWidget(m_card);
    column->addWidget(m_list);
    column->addWidget(other);

    connect(m_list, &KernelList::choiceMade, this, [this](const KernelChoice &choice) {
        emit chosen(choice);
        close();
    });
    connect(m_list, &QListView::clicked, m_list, &QListView::activated);
    connect(other, &QPushButton::clicked, this, [this] {
        emit otherRuntimeRequested();
        close();
    });
    connect(&m_probe, &ServerProbe::answered, this, &KernelChooser::useState);
    connect(&m_probe, &ServerProbe::failed, this, [this](const Error &error) {
        m_card->showError(error);
        fit();
    });
    m_list->hide();
    m_card->showWaiting(tr("Asking for kernels…"));
    m_probe.start(endpoint);
}

void KernelChooser::openBelow(const QWidget &anchor)
{
    m_topLeft = anchor.mapToGlobal(QPoint(anchor.width() - popupWidth, anchor.height() + 4));
    fit();
    show();
    m_list->setFocus();
}

void KernelChooser::useState(const ServerState &state)
{
    m_card->showNothing();
    m_list->setState(state, m_wanted, m_current);
    m_list->show();
    m_list->setFocus();
    fit();
}

// As high as the list needs, and inside the screen.
void KernelChooser::fit()
{
    m_list->setFixedHeight(std::min(m_list->contentHeight() + 2, tallestList));
    layout()->activate();
    resize(popupWidth, sizeHint().height());
    const QRect screen = QWidget::screen()->availableGeometry();
    const int x =
        std::clamp(m_topLeft.x(), screen.left(), std::max(screen.left(), screen.right() - width()));
    const int y =
        std::clamp(m_topLeft.y(), screen.top(), std::max(screen.top(), screen.bottom() - height()));
    move(x, y);
}

void KernelChooser::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Escape)
        close();
    else
        QFrame::keyPressEvent(event);
}

} // namespace farcell
