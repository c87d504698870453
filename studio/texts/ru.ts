/** Всё, что говорит страница, по-русски. */
import type { Texts } from './en.ts';

/** Форма слова при числе: 1 токен, 2 токена, 5 токенов. */
const plural = new Intl.PluralRules('ru');
const counted = (n: number, one: string, few: string, many: string): string => {
  const rule = plural.select(n);
  return `${n} ${rule === 'one' ? one : rule === 'few' ? few : many}`;
};

export const ru: Texts = {
  title: 'Студия esp32-llm',
  parts: { story: 'История' },
  skip: 'К содержанию',
  sections: 'Разделы',
  appearance: {
    language: 'Язык',
    theme: 'Тема',
    themes: { auto: 'Авто', light: 'Светлая', dark: 'Тёмная' },
  },
  story: {
    heading: 'Языковая модель на чипе за несколько долларов',
    lead: 'Симулятор ESP32-S3 загружает тот же образ флеш-памяти, что и настоящая плата, прямо в вашем браузере. Скорости предсказаны его моделью тактов; на кристалле ничего не измерялось.',
    board: 'Плата',
    prompt: 'Начало истории',
    tell: 'Рассказать',
    stop: 'Остановить',
    settings: 'Настройки',
    temperature: 'Температура',
    temperatureHelp: 'Смелость выбора: при 0 всегда самое вероятное слово.',
    topp: 'Top-p',
    toppHelp: 'Выбор из самых вероятных слов, составляющих эту долю.',
    seed: 'Зерно',
    seedHelp: 'С тем же зерном история та же.',
    anotherSeed: 'Другое зерно',
    copyLink: 'Скопировать ссылку',
    copied: 'Ссылка скопирована',
    console: 'Что идёт из последовательного порта',
    screen: 'Экран платы',
    text: 'История',
    phases: {
      idle: '',
      building: 'Собирается образ …',
      booting: 'Загрузка …',
      telling: 'Рассказ …',
      over: 'Готово',
      failed: 'Не вышло',
    },
    endings: {
      none: 'не закончена',
      finished: 'закончила модель',
      limit: 'предел длины',
      stopped: 'остановлена',
      complete: 'закончила грамматика',
    },
  },
  figures: {
    predicted: 'токенов/с, предсказание',
    tokens: 'Токены',
    ofPrompt: (n) => `из них ${n} — начало`,
    digest: 'Отпечаток',
    digestHelp: 'Один и тот же на компьютере, в симуляторе и на плате.',
    boot: 'От включения до приглашения',
    energy: 'Энергия на токен, оценка',
    memory: 'Веса и кэш',
    context: 'Контекст',
    positions: (n) => counted(n, 'позиция', 'позиции', 'позиций'),
    simulated: 'времени симуляции',
  },
  failures: {
    title: 'Не получилось',
    fault: 'Это ошибка страницы:',
  },
};
