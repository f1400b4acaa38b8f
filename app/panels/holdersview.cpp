#include "app/panels/holdersview.h"

#include "app/panels/figures.h"
#include "app/theme/theme.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QPainterPath>
#include <QToolButton>
#include <QVBoxLayout>

#include <algorithm>
#include <array>

namespace farcell {

namespace {

constexpr int side = 12;
constexpr int rowHeight = 40;
constexpr int headHeight = 44;
constexpr int buttonSize = 26;

QColor colourOf(const MemoryHolder &holder, const Theme &theme)
{
    const std::array<QColor, 6> colours{theme.accent,     theme.ansi.at(5), theme.ansi.at(6),
                                        theme.ansi.at(3), theme.ansi.at(2), theme.ansi.at(1)};
    return holder.colour < 0 ? theme.textFaint
                             : colours.at(std::size_t(holder.colour) % colours.size());
}

} // namespace

// The name of a memory, how full it is, and a bar of its holders.
class SharesHead : public QWidget
{
public:
    SharesHead(ThemeSource &theme, QWidget *parent)
        : QWidget(parent)
        , m_theme(theme)
    {
        setFixedHeight(headHeight);
    }

    void setShares(const MemoryShares &shares)
    {
        m_shares = shares;
        setAccessibleName(shares.title + QLatin1Char(' ') + figures());
        setFixedHeight(headHeight + (shares.missing.isEmpty() ? 0 : 18));
        update();
    }

protected:
    void paintEvent(QPaintEvent * /*event*/) override
    {
        const Theme &theme = m_theme.theme();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const QRect row(side, 8, width() - 2 * side, 18);
        painter.setFont(theme.bodyStrong);
        painter.setPen(theme.text);
        painter.drawText(row, Qt::AlignLeft | Qt::AlignVCenter, m_shares.title);
        painter.setFont(theme.caption);
        painter.setPen(theme.textMuted);
        painter.drawText(row, Qt::AlignRight | Qt::AlignVCenter, figures());

        const QRectF bar(side, 30, width() - 2 * side, 8);
        QPainterPath outline;
        outline.addRoundedRect(bar, 3, 3);
        painter.fillPath(outline, theme.pressed);
        painter.setClipPath(outline);
        double x = bar.left();
        for (const MemoryHolder &holder : m_shares.holders) {
            if (m_shares.total <= 0)
                break;
            const double wide = bar.width() * holder.bytes / m_shares.total;
            painter.fillRect(QRectF(x, bar.top(), std::max(wide - 1, 1.0), bar.height()),
                             colourOf(holder, theme));
            x += wide;
        }
        painter.setClipping(false);
        painter.drawText(
            QRect(side, 42, width() - 2 * side, 18), Qt::AlignLeft | Qt::AlignVCenter,
            painter.fontMetrics().elidedText(m_shares.missing, Qt::ElideRight, width() - 2 * side));
    }

private:
    [[nodiscard]] QString figures() const
    {
        return m_shares.total > 0 ? shareText(m_shares.used, m_shares.total) : QString();
    }

    ThemeSource &m_theme;
    MemoryShares m_shares;
};

class HolderRow : public QWidget
{
public:
    HolderRow(ThemeSource &theme, HoldersView &view)
        : QWidget(&view)
        , m_theme(theme)
    {
        setFixedHeight(rowHeight);
        auto *layout = new QHBoxLayout(this);
        layout->setContentsMargins(0, 0, side - 4, 0);
        layout->setSpacing(0);
        layout->addStretch();
        const auto button = [&](const QString &icon, const QString &what) {
            auto *made = new QToolButton(this);
            made->setIcon(theme.icon(icon));
            made->setIconSize({18, 18});
            made->setFixedSize(buttonSize, buttonSize);
            made->setToolTip(what);
            made->setFocusPolicy(Qt::TabFocus);
            layout->addWidget(made);
            return made;
        };
        m_free = button(QStringLiteral("memory-free"),
                        HoldersView::tr("Free memory: forget the last traceback, collect garbage, "
                                        "empty PyTorch's cache. Variables stay."));
        m_restart = button(QStringLiteral("restart"), HoldersView::tr("Restart this kernel"));
        m_free->setObjectName(QStringLiteral("freeMemory"));
        m_restart->setObjectName(QStringLiteral("restartKernel"));
        connect(m_free, &QToolButton::clicked, &view,
                [this, &view] { emit view.freeRequested(m_holder.kernel, m_holder.title); });
        connect(m_restart, &QToolButton::clicked, &view,
                [this, &view] { emit view.restartRequested(m_holder.kernel, m_holder.title); });
    }

    void setHolder(const MemoryHolder &holder)
    {
        m_holder = holder;
        const bool isKernel = !holder.kernel.isEmpty();
        m_free->setVisible(isKernel);
        m_restart->setVisible(isKernel);
        const QString text = holder.title + QLatin1Char(' ') + bytesText(holder.bytes);
        m_free->setAccessibleName(HoldersView::tr("Free memory of %1").arg(holder.title));
        m_restart->setAccessibleName(HoldersView::tr("Restart %1").arg(holder.title));
        setAccessibleName(text);
        setToolTip(holder.title);
        update();
    }

protected:
    void paintEvent(QPaintEvent * /*event*/) override
    {
        const Theme &theme = m_theme.theme();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(colourOf(m_holder, theme));
        painter.drawRoundedRect(QRectF(side, 9, 8, 8), 2, 2);
        const int left = side + 16;
        const int room = width() - side - left - (m_holder.kernel.isEmpty() ? 0 : 2 * buttonSize);
        painter.setFont(m_holder.isCurrent ? theme.bodyStrong : theme.body);
        painter.setPen(theme.text);
        painter.drawText(QRect(left, 4, room, 18), Qt::AlignLeft | Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(m_holder.title, Qt::ElideMiddle, room));
        painter.setFont(theme.caption);
        const QString bytes = bytesText(m_holder.bytes);
        painter.drawText(QRect(left, 21, room, 16), Qt::AlignLeft | Qt::AlignVCenter, bytes);
        if (m_holder.note.isEmpty())
            return;
        const int wide = painter.fontMetrics().horizontalAdvance(bytes);
        painter.setPen(theme.textMuted);
        painter.drawText(QRect(left + wide, 21, room - wide, 16), Qt::AlignLeft | Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(QStringLiteral("  ·  ") + m_holder.note,
                                                          Qt::ElideRight, room - wide));
    }

private:
    ThemeSource &m_theme;
    MemoryHolder m_holder;
    QToolButton *m_free, *m_restart;
};

HoldersView::HoldersView(ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_theme(theme)
    , m_layout(new QVBoxLayout(this))
{
    m_layout->setContentsMargins(0, 0, 0, 8);
    m_layout->setSpacing(0);
    setAccessibleName(tr("Who holds the memory"));
    connect(&theme, &ThemeSource::themeChanged, this, [this] {
        for (SharesHead *head : m_heads)
            head->update();
        for (HolderRow *row : m_rows)
            row->update();
    });
}

// The same rows get new figures: what is about to be clicked stays where it is.
void HoldersView::setShares(const std::vector<MemoryShares> &shares)
{
    QStringList shape;
    for (const MemoryShares &memory : shares) {
        shape << QString::number(memory.gpu);
        for (const MemoryHolder &holder : memory.holders)
            shape << holder.kernel.toString() + holder.title;
    }
    if (shape != m_shape) {
        rebuild(shares);
        m_shape = shape;
    }
    std::size_t row = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
        m_heads[i]->setShares(shares[i]);
        for (const MemoryHolder &holder : shares[i].holders)
            m_rows[row++]->setHolder(holder);
    }
}

void HoldersView::rebuild(const std::vector<MemoryShares> &shares)
{
    for (SharesHead *head : m_heads)
        delete head;
    for (HolderRow *row : m_rows)
        delete row;
    m_heads.clear();
    m_rows.clear();
    for (const MemoryShares &memory : shares) {
        m_heads.push_back(new SharesHead(m_theme, this));
        m_layout->addWidget(m_heads.back());
        for (std::size_t i = 0; i < memory.holders.size(); ++i) {
            m_rows.push_back(new HolderRow(m_theme, *this));
            m_layout->addWidget(m_rows.back());
        }
    }
}

} // namespace farcell
