#include "app/shell/startpage.h"

#include "app/notebook/settings.h"
#include "app/theme/theme.h"

#include <QAbstractButton>
#include <QDateTime>
#include <QDir>
#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>
#include <utility>

namespace farcell {

namespace {

constexpr int columnWidth = 640;
constexpr int maxRecent = 8;

// A row or card that is one big button: icon, a title, a quieter note.
class RowButton : public QAbstractButton
{
public:
    struct Face
    {
        QString icon, title, note, aside;
        bool card = false;
    };

    RowButton(Face face, ThemeSource &theme, QWidget *parent)
        : QAbstractButton(parent)
        , m_face(std::move(face))
        , m_theme(theme)
    {
        setText(m_face.title);
        setAccessibleName(m_face.title);
        setAccessibleDescription(m_face.note);
        setCursor(Qt::PointingHandCursor);
        setFocusPolicy(Qt::StrongFocus);
        setAttribute(Qt::WA_Hover);
        setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    }

    [[nodiscard]] QSize sizeHint() const override { return {160, m_face.card ? 88 : 44}; }

protected:
    void paintEvent(QPaintEvent * /*event*/) override
    {
        const Theme &theme = m_theme.theme();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const QRectF frame = QRectF(rect()).adjusted(1, 1, -1, -1);
        const bool hot = underMouse();
        QColor fill = m_face.card ? theme.surface : theme.window;
        if (hot)
            fill = isDown() ? theme.pressed : theme.hover;
        QColor line = m_face.card ? theme.border : QColor(Qt::transparent);
        if (hasFocus())
            line = theme.focusRing;
        painter.setPen(QPen(line, hasFocus() ? 2 : 1));
        painter.setBrush(fill);
        painter.drawRoundedRect(frame, 8, 8);
        m_face.card ? paintCard(painter) : paintRow(painter);
    }

private:
    void paintCard(QPainter &painter) const
    {
        const Theme &theme = m_theme.theme();
        const qreal ratio = devicePixelRatioF();
        painter.drawPixmap(QPoint(16, 14), m_theme.pixmap(m_face.icon, theme.accent, 22, ratio));
        painter.setFont(theme.bodyStrong);
        painter.setPen(theme.text);
        painter.drawText(QRect(16, 42, width() - 24, 18), Qt::AlignVCenter, m_face.title);
        painter.setFont(theme.caption);
        painter.setPen(theme.textMuted);
        painter.drawText(
            QRect(16, 60, width() - 24, 16), Qt::AlignVCenter,
            painter.fontMetrics().elidedText(m_face.note, Qt::ElideRight, width() - 28));
    }

    void paintRow(QPainter &painter) const
    {
        const Theme &theme = m_theme.theme();
        painter.drawPixmap(QPoint(12, height() / 2 - 10),
                           m_theme.pixmap(m_face.icon, theme.textMuted, 20, devicePixelRatioF()));
        painter.setFont(theme.caption);
        const int aside = painter.fontMetrics().horizontalAdvance(m_face.aside);
        painter.setPen(theme.textFaint);
        painter.drawText(QRect(width() - aside - 12, 0, aside, height()), Qt::AlignVCenter,
                         m_face.aside);
        const int room = width() - 44 - aside - 28;
        painter.setFont(theme.body);
        painter.setPen(theme.text);
        painter.drawText(QRect(44, 4, room, 19), Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(m_face.title, Qt::ElideMiddle, room));
        painter.setFont(theme.caption);
        painter.setPen(theme.textFaint);
        painter.drawText(QRect(44, 22, room, 16), Qt::AlignVCenter,
                         painter.fontMetrics().elidedText(m_face.note, Qt::ElideMiddle, room));
    }

    Face m_face;
    ThemeSource &m_theme;
};

QString homeRelative(const QString &path)
{
    const QString home = QDir::homePath();
    if (path != home && !path.startsWith(home + QLatin1Char('/')))
        return path;
    return QLatin1Char('~') + path.mid(home.size());
}

QString whenText(const QDateTime &time)
{
    const qint64 days = time.date().daysTo(QDate::currentDate());
    if (days == 0)
        return QLocale().toString(time.time(), QLocale::ShortFormat);
    if (days == 1)
        return QObject::tr("Yesterday");
    return QLocale().toString(time.date(), QLocale::ShortFormat);
}

} // namespace

StartPage::StartPage(Settings &settings, ThemeSource &theme, QWidget *parent)
    : QWidget(parent)
    , m_settings(settings)
    , m_theme(theme)
{
    auto *content = new QWidget;
    m_column = new QVBoxLayout(content);
    m_column->setSpacing(4);
    m_column->setContentsMargins(24, 0, 24, 24);
    auto *area = new QScrollArea(this);
    area->setWidget(content);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setFocusPolicy(Qt::NoFocus);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(area);
    connect(&settings, &Settings::changed, this, &StartPage::rebuild);
    connect(&theme, &ThemeSource::themeChanged, this, &StartPage::rebuild);
    rebuild();
}

void StartPage::rebuild()
{
    while (QLayoutItem *item = m_column->takeAt(0)) {
        if (item->widget()) { // later: one of its buttons may be telling us right now
            item->widget()->hide();
            item->widget()->deleteLater();
        }
        delete item;
    }
    const Theme &theme = m_theme.theme();
    auto *body = new QWidget;
    body->setMaximumWidth(columnWidth);
    auto *layout = new QVBoxLayout(body);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(2);

    auto *name = new QLabel(QStringLiteral("Farcell"), body);
    QFont big = theme.heading;
    big.setPixelSize(32);
    big.setLetterSpacing(QFont::PercentageSpacing, 98);
    name->setFont(big);
    auto *motto = new QLabel(tr("Notebooks, at the speed of this computer."), body);
    motto->setProperty("kind", QStringLiteral("muted"));
    motto->setFont(theme.body);
    layout->addWidget(name);
    layout->addWidget(motto);
    layout->addSpacing(24);

    auto *cards = new QGridLayout;
    cards->setSpacing(12);
    cards->addWidget(actionButton(QStringLiteral("plus"), tr("New notebook"), tr("An empty page"),
                                  QStringLiteral("file.new")),
                     0, 0);
    cards->addWidget(actionButton(QStringLiteral("folder-open"), tr("Open…"),
                                  tr("A file of this computer"), QStringLiteral("file.open")),
                     0, 1);
    cards->addWidget(actionButton(QStringLiteral("connect"), tr("Connect…"),
                                  tr("A runtime elsewhere"), QStringLiteral("runtime.connect")),
                     0, 2);
    layout->addLayout(cards);

    const QStringList recent = m_settings.recentFiles();
    if (!recent.isEmpty()) {
        layout->addSpacing(28);
        auto *heading = new QLabel(tr("Recent"), body);
        heading->setFont(theme.bodyStrong);
        heading->setProperty("kind", QStringLiteral("muted"));
        layout->addWidget(heading);
        layout->addSpacing(4);
        for (const QString &path : recent.mid(0, maxRecent)) {
            if (QFileInfo::exists(path))
                layout->addWidget(recentRow(path));
        }
    } else {
        layout->addSpacing(20);
        layout->addWidget(actionButton(QStringLiteral("notebook"), tr("Take the tour"),
                                       tr("A short notebook that shows what Farcell can do"),
                                       QStringLiteral("help.welcome")));
    }
    m_column->addStretch(2);
    m_column->addWidget(body, 0, Qt::AlignHCenter);
    body->setMinimumWidth(std::min(columnWidth, 560));
    m_column->addStretch(3);
}

QWidget *StartPage::actionButton(const QString &icon, const QString &title, const QString &note,
                                 const QString &command)
{
    auto *button = new RowButton({icon, title, note, {}, true}, m_theme, this);
    connect(button, &QAbstractButton::clicked, this,
            [this, command] { emit commandRequested(command); });
    return button;
}

QWidget *StartPage::recentRow(const QString &path)
{
    const QFileInfo file(path);
    auto *button = new RowButton({QStringLiteral("notebook"), file.fileName(),
                                  homeRelative(file.path()), whenText(file.lastModified()), false},
                                 m_theme, this);
    button->setToolTip(path);
    connect(button, &QAbstractButton::clicked, this, [this, path] { emit openRequested(path); });
    return button;
}

} // namespace farcell
