// The part of RuntimeTypeDialog that makes its widgets.

#include "app/runtime/gpupicker.h"
#include "app/runtime/runtimetypedialog.h"
#include "app/theme/theme.h"

#include <QButtonGroup>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QLabel>
#include <QPushButton>
#include <QRadioButton>
#include <QScreen>
#include <QScrollArea>
#include <QVBoxLayout>

#include <algorithm>

namespace farcell {

namespace {

constexpr int dialogWidth = 560;
constexpr int titleBarRoom = 40;

QLabel *muted(QWidget *parent)
{
    auto *label = new QLabel(parent);
    label->setProperty("kind", QStringLiteral("muted"));
    label->setWordWrap(true);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

} // namespace

void RuntimeTypeDialog::build()
{
    auto *scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    auto *page = m_page = new QWidget(scroll);
    page->setObjectName(QStringLiteral("runtimeTypePage"));
    m_title = new QLabel(tr("Change runtime type"), page);
    m_where = muted(page);
    m_noticeBox = new QWidget(page);
    m_noticeBox->setObjectName(QStringLiteral("runtimeTypeNotice"));
    m_noticeIcon = new QLabel(m_noticeBox);
    m_notice = new QLabel(m_noticeBox);
    m_notice->setObjectName(QStringLiteral("notice"));
    m_notice->setWordWrap(true);
    m_notice->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto *notice = new QHBoxLayout(m_noticeBox);
    notice->setContentsMargins(12, 10, 12, 10);
    notice->setSpacing(12);
    notice->addWidget(m_noticeIcon, 0, Qt::AlignTop);
    notice->addWidget(m_notice, 1);

    auto *column = new QVBoxLayout(page);
    column->setContentsMargins(24, 20, 24, 20);
    column->setSpacing(0);
    column->addWidget(m_title);
    column->addSpacing(4);
    column->addWidget(m_where);
    column->addSpacing(16);
    column->addWidget(m_noticeBox);
    column->addSpacing(12);
    column->addWidget(buildKernel());
    column->addSpacing(16);
    column->addWidget(buildAccelerator());
    column->addSpacing(16);
    column->addWidget(buildLimits());
    column->addStretch();
    auto *all = new QVBoxLayout(this);
    all->setContentsMargins(0, 0, 0, 0);
    all->setSpacing(0);
    scroll->setWidget(page);
    m_buttons = buildButtons();
    all->addWidget(scroll, 1);
    all->addWidget(m_buttons);
    setFixedWidth(dialogWidth);
}

// As high as what it shows, which depends on how its sentences are broken into lines; on a small
// screen it scrolls.
void RuntimeTypeDialog::fit()
{
    QLayout *layout = m_page->layout();
    layout->activate();
    const int height = layout->hasHeightForWidth() ? layout->totalHeightForWidth(dialogWidth)
                                                   : layout->totalSizeHint().height();
    m_page->setMinimumHeight(height);
    const int room = screen()->availableGeometry().height() - titleBarRoom;
    const int wanted = height + m_buttons->sizeHint().height();
    resize(dialogWidth, std::min(wanted, room));
}

QWidget *RuntimeTypeDialog::buildKernel()
{
    auto *part = new QWidget(this);
    m_environments = new QComboBox(part);
    m_environments->setObjectName(QStringLiteral("environments"));
    m_environments->setAccessibleName(tr("Kernel"));
    m_environmentNote = muted(part);
    auto *label = new QLabel(tr("Kernel"), part);
    label->setProperty("part", true);
    label->setBuddy(m_environments);
    auto *column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(label);
    column->addWidget(m_environments);
    column->addWidget(m_environmentNote);
    connect(m_environments, &QComboBox::currentIndexChanged, this, &RuntimeTypeDialog::refresh);
    return part;
}

QWidget *RuntimeTypeDialog::buildAccelerator()
{
    auto *part = new QWidget(this);
    auto *label = new QLabel(tr("Hardware accelerator"), part);
    label->setProperty("part", true);
    m_none = new QRadioButton(tr("None: the kernel sees no GPU"), part);
    m_any = new QRadioButton(tr("Any GPU"), part);
    m_chosen = new QRadioButton(tr("Only these GPUs"), part);
    m_none->setObjectName(QStringLiteral("acceleratorNone"));
    m_any->setObjectName(QStringLiteral("acceleratorAny"));
    m_chosen->setObjectName(QStringLiteral("acceleratorChosen"));
    m_gpus = new GpuPicker(part);
    m_gpuNote = muted(part);
    m_gpuNote->setObjectName(QStringLiteral("gpuNote"));
    auto *column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(label);
    for (QRadioButton *button : {m_none, m_any, m_chosen}) {
        column->addWidget(button);
        connect(button, &QRadioButton::toggled, this, &RuntimeTypeDialog::chooseAccelerator);
    }
    column->addWidget(m_gpus);
    column->addWidget(m_gpuNote);
    connect(m_gpus, &GpuPicker::choiceChanged, this, &RuntimeTypeDialog::refresh);
    return part;
}

QWidget *RuntimeTypeDialog::buildLimits()
{
    auto *part = new QWidget(this);
    auto *label = new QLabel(tr("Limits"), part);
    label->setProperty("part", true);
    m_limitsMemory = new QCheckBox(tr("Memory, at most"), part);
    m_limitsCpu = new QCheckBox(tr("Processors, at most"), part);
    m_limitsMemory->setObjectName(QStringLiteral("limitsMemory"));
    m_limitsCpu->setObjectName(QStringLiteral("limitsCpu"));
    m_memory = new QDoubleSpinBox(part);
    m_memory->setObjectName(QStringLiteral("memoryLimit"));
    m_memory->setRange(0.25, 1024);
    m_memory->setDecimals(2);
    m_memory->setSuffix(tr(" GiB"));
    m_memory->setAccessibleName(m_limitsMemory->text());
    m_cpus = new QDoubleSpinBox(part);
    m_cpus->setObjectName(QStringLiteral("cpuLimit"));
    m_cpus->setRange(0.25, 1024);
    m_cpus->setDecimals(2);
    m_cpus->setSingleStep(0.5);
    m_cpus->setSuffix(tr(" cores"));
    m_cpus->setAccessibleName(m_limitsCpu->text());
    m_memoryNote = muted(part);
    m_cpuNote = muted(part);
    m_limitNote = muted(part);
    m_limitNote->setObjectName(QStringLiteral("limitNote"));
    m_highMemory = new QCheckBox(tr("High RAM, at Colab"), part);
    m_highMemory->setObjectName(QStringLiteral("highMemory"));
    m_highMemory->setToolTip(
        tr("Written into the notebook: Colab then gives it a machine with more "
           "memory. Here it changes nothing."));
    m_highMemory->setChecked(m_wish.highMemory);
    auto *grid = new QGridLayout;
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(6);
    grid->addWidget(m_limitsMemory, 0, 0);
    grid->addWidget(m_memory, 0, 1);
    grid->addWidget(m_memoryNote, 0, 2);
    grid->addWidget(m_limitsCpu, 1, 0);
    grid->addWidget(m_cpus, 1, 1);
    grid->addWidget(m_cpuNote, 1, 2);
    grid->setColumnMinimumWidth(1, 130);
    grid->setColumnStretch(2, 1);
    auto *column = new QVBoxLayout(part);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(label);
    column->addLayout(grid);
    column->addWidget(m_limitNote);
    column->addWidget(m_highMemory);
    for (QCheckBox *box : {m_limitsMemory, m_limitsCpu, m_highMemory})
        connect(box, &QCheckBox::toggled, this, &RuntimeTypeDialog::refresh);
    for (QDoubleSpinBox *box : {m_memory, m_cpus})
        connect(box, &QDoubleSpinBox::valueChanged, this, &RuntimeTypeDialog::refresh);
    return part;
}

QWidget *RuntimeTypeDialog::buildButtons()
{
    auto *bar = new QWidget(this);
    bar->setObjectName(QStringLiteral("runtimeTypeButtons"));
    m_warning = new QLabel(tr("A new kernel is started: all variables are lost."), bar);
    m_warning->setObjectName(QStringLiteral("restartWarning"));
    m_warning->setWordWrap(true);
    auto *cancel = new QPushButton(tr("Cancel"), bar);
    cancel->setAutoDefault(false);
    m_save = new QPushButton(tr("Save"), bar);
    m_save->setObjectName(QStringLiteral("saveRuntimeType"));
    m_save->setProperty("kind", QStringLiteral("primary"));
    m_save->setDefault(true);
    auto *row = new QHBoxLayout(bar);
    row->setContentsMargins(24, 12, 24, 12);
    row->setSpacing(8);
    row->addWidget(m_warning, 1);
    row->addStretch();
    row->addWidget(cancel);
    row->addWidget(m_save);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_save, &QPushButton::clicked, this, &QDialog::accept);
    return bar;
}

void RuntimeTypeDialog::applyTheme()
{
    const Theme &theme = m_theme.theme();
    const bool warns = m_noticeBox->property("warns").toBool();
    m_title->setFont(theme.heading);
    const QList<QLabel *> labels = findChildren<QLabel *>();
    for (QLabel *label : labels) {
        if (label->property("part").toBool())
            label->setFont(theme.bodyStrong);
        else if (label->property("kind").toString() == QLatin1String("muted") && label != m_where)
            label->setFont(theme.caption);
    }
    m_noticeIcon->setPixmap(
        m_theme.pixmap(warns ? QStringLiteral("warning") : QStringLiteral("info"),
                       warns ? theme.warning : theme.textMuted, 20, devicePixelRatioF()));
    setStyleSheet(
        QStringLiteral("#runtimeTypePage { background: %1; }"
                       "#runtimeTypeNotice { background: %2; border-radius: %3px; }"
                       "#runtimeTypeButtons { border-top: 1px solid %4; }"
                       "#restartWarning { color: %5; }")
            .arg(theme.surface.name(), (warns ? theme.warningSoft : theme.surfaceSunken).name())
            .arg(Theme::radius)
            .arg(theme.border.name(), theme.warning.name()));
}

} // namespace farcell
